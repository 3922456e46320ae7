"""What a store keeps of accounts beside their rows: facts dated once, as frames of fixed shape.

``Dated`` is written when news of accounts comes; ``Around`` is read when some are asked about: what others have
in common with them, and no more. Values are texts here; what reads them makes keys of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from grantguard.contract import TIME

TEXT: Final = pl.String()

ANYONE: Final = "anyone"
"""The kind of crowd that everybody belongs to who ever showed anything."""

FACT: Final = pl.Schema({"kind": TEXT, "value": TEXT, "account_id": TEXT, "seen_at": TIME})
"""An account first showed a value: one row a kind, value and account."""

LIKENESS: Final = pl.Schema({**FACT, "likeness": TEXT, "bin": pl.Int64()})
"""A fact of being alike: in what, and in which bin of opening times (null for twins)."""

MILESTONES: Final = pl.Schema(
    {
        "account_id": TEXT,
        "created_at": TIME,
        "deleted_at": TIME,
        "first_at": TIME,
        "settled_at": TIME,
        "half_at": TIME,
        "paid_at": TIME,
    }
)
"""When an account opened, was deleted, first acted, settled in, had spent half, and first paid."""

GUEST: Final = pl.Schema({"account_id": TEXT, "burst": TEXT, "joined_at": TIME})
"""An account fits an expected burst, named by its campaign."""

ARRIVAL: Final = pl.Schema({"account_id": TEXT, "seen_at": TIME})
"""When an account first showed anything."""

LENGTHS: Final = pl.Schema({"account_id": TEXT, "day": TIME, "step": pl.Int64(), "n": pl.Int64()})
"""How many inputs of a length an account was charged for as extended context on a day."""

CROWD: Final = pl.Schema({"kind": TEXT, "likeness": TEXT, "bin": pl.Int64(), "when": TIME, "n": pl.Int64()})
"""How many accounts there were of a kind, by when: of one likeness, of one bin, or (both null) of all."""

THRESHOLD: Final = pl.Schema({"when": TIME, "threshold": pl.Float64()})
"""Where extended context begins, in tokens, as known from when on."""


@dataclass(frozen=True)
class Dated:
    """What the rows of some accounts say of them, for good: what a store writes."""

    facts: pl.DataFrame
    likenesses: pl.DataFrame
    milestones: pl.DataFrame
    guests: pl.DataFrame
    arrivals: pl.DataFrame
    lengths: pl.DataFrame


@dataclass(frozen=True)
class Nearby:
    """What a store reads of whom some accounts have values in common with, as of one moment.

    ``facts`` are their own and those of whoever showed the same values; ``guests`` are all who fit a burst that one of
    them fits.
    """

    facts: pl.DataFrame
    guests: pl.DataFrame


@dataclass(frozen=True)
class Around(Nearby):
    """All that a store reads about some accounts as of one moment.

    ``facts`` has those of likenesses too; ``milestones`` are of everybody in ``facts``.
    """

    milestones: pl.DataFrame
    crowds: pl.DataFrame
    thresholds: pl.DataFrame


@dataclass(frozen=True)
class Reach:
    """How much of a store must be read around an account: by this, what is read of a hub stays small."""

    most_holders: dict[str, int]
    """Of values of a kind, so many holders, the first to show it; ..."""
    most_of_others: int
    """... of values of any other kind, so many."""
    most_arrivals: int
    """From so many accounts on, how many there are makes no difference."""
    kinds_of_bursts: tuple[str, ...]
    """Kinds of which all guests of a burst are read, where one of them is asked about."""
