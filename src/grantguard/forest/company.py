"""Company: accounts that share with one what few share, and what they are like by themselves, tell of it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.forest.compiled import CompiledForest
from grantguard.forest.reasons import weigh_evidence
from grantguard.signals import CATALOGUE, NAMES, OF_LINKS, Wording

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BY_ITSELF = ~np.isin(NAMES, OF_LINKS)
"""The signals that an account has whoever else there is."""

STEADIED = 0.3
"""How near an ordinary account stands to everybody: one faint tie lends little."""

COMPANY = Wording(
    name="company",
    family="links",
    unit="spreads",
    says="accounts with which it shares what few share are unusual by themselves ({value:.1f} spreads beyond usual)",
    summary="How far the accounts nearest to it go beyond what is usual, in spreads of the reference's scores.",
    why=(
        "A hand has many accounts and one way with credit: what one of them hides another shows. Each is heard alone,"
        " by what it does, the more the nearer it stands; honest company takes nothing away."
    ),
    looks_the_same="The partner of somebody who games.",
)
"""What company lends, as it is told among the reasons."""

SPEAKING = (*CATALOGUE, COMPANY)
"""All that may be a reason."""


@dataclass(frozen=True)
class Company:
    """Who stands near whom: for each pair, which ``row``, which ``other``, and the ``strength`` of what they share."""

    row: Ints
    other: Ints
    strength: Floats

    @classmethod
    def none(cls) -> Self:
        """Nobody stands near anybody."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))

    @classmethod
    def of(cls, rows: pl.DataFrame, near: pl.DataFrame, others: pl.DataFrame) -> Self:
        """Of ``rows`` and ``others`` (``account_id, at``), where ``near`` has ``account_id, at, other, strength``."""
        if near.is_empty() or others.is_empty():
            return cls.none()
        placed = others.select("at", other="account_id").with_row_index("place").unique(["other", "at"], keep="first")
        pairs = (
            rows.select("account_id", "at")
            .with_row_index("row")
            .join(near, on=["account_id", "at"], maintain_order="left")
            .join(placed, on=["other", "at"], maintain_order="left")
        )
        row, place = (pairs[name].to_numpy().astype(np.int64) for name in ("row", "place"))
        return cls(row, place, pairs["strength"].to_numpy())

    def among(self, kept: NDArray[np.bool_]) -> Company:
        """The company of the rows ``kept``, counted anew."""
        place = np.cumsum(kept) - 1
        pairs = kept[self.row]
        return Company(place[self.row[pairs]], self.other[pairs], self.strength[pairs])

    def lend(self, told: Floats, rows: int) -> Floats:
        """What company lends each of so many rows, of what is ``told`` of the others beyond usual, (others, kinds).

        The mean of what is told, each by its strength, beside an ordinary account of strength ``STEADIED``; honest
        company takes nothing away.
        """
        weight = np.bincount(self.row, self.strength, rows) + STEADIED
        sums = [np.bincount(self.row, self.strength * column[self.other], rows) for column in told.T]
        lent: Floats = np.maximum(np.stack(sums, axis=1) / weight[:, None], 0.0)
        return lent


def rate(forest: CompiledForest, surprise: Floats) -> Floats:
    """The score of each row and what each kind of evidence adds to it, (rows, 1 + ``KINDS_OF_EVIDENCE``)."""
    contributions = forest.contributions(surprise)
    return add_up(contributions, weigh_evidence(forest, contributions, surprise, CATALOGUE))


def add_up(contributions: Floats, evidence: Floats) -> Floats:
    """The same, where both are at hand."""
    return np.column_stack([contributions.sum(axis=1), evidence])


def score_together(forest: CompiledForest, surprise: Floats, company: Company) -> Floats:
    """The score of each row, where all that stand near are among the rows, and what is usual is their mean."""
    alone = rate_alone(forest, surprise)[:, :1]
    together: Floats = forest.score(surprise) + company.lend(alone - alone.mean(), len(surprise))[:, 0]
    return together


def rate_alone(forest: CompiledForest, surprise: Floats) -> Floats:
    """The same of accounts by themselves: what they share with others is not heard."""
    return rate(forest, np.where(BY_ITSELF, surprise, 0.0))
