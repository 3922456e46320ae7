"""What a run remembers of accounts, so that a later one need not read their rows again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl


@dataclass(frozen=True)
class Memory:
    """A run as of ``at``, in frames that have ``account_id`` each.

    ``prints`` is what ``fingerprint_accounts`` gives, ``looks`` what ``take_looks`` does; ``facts``, ``likenesses``,
    ``marks``, ``guests`` and ``lengths`` are those of ``histories.Share``, of all accounts, but for the ``quiet``
    facts, which say nothing as long as nobody else shows their value; ``signals``, ``grants`` and ``purses`` what own
    rows said (``telling.Said``); ``scores`` the contract's.
    """

    at: datetime
    prints: pl.DataFrame
    looks: pl.DataFrame
    facts: pl.DataFrame
    quiet: pl.DataFrame
    likenesses: pl.DataFrame
    marks: pl.DataFrame
    guests: pl.DataFrame
    lengths: pl.DataFrame
    signals: pl.DataFrame
    grants: pl.DataFrame
    purses: pl.DataFrame
    scores: pl.DataFrame


def renew(kept: pl.DataFrame, fresh: pl.DataFrame, stale: pl.DataFrame) -> pl.DataFrame:
    """``kept`` without the rows of ``stale`` accounts, and ``fresh`` ones."""
    still = kept.join(stale, on="account_id", how="anti").select(fresh.columns)
    return pl.concat([still, fresh])
