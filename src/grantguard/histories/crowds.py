"""How many accounts there were by a moment: of one likeness, of one opening bin, of all."""

from __future__ import annotations

import polars as pl

from grantguard.dated import ANYONE
from grantguard.histories.links import count_up, key_values, read_count

SHARED = {"likeness": pl.UInt64(), "bin": pl.Int64()}
"""What the accounts of a crowd may have in common."""

CROWD = ["kind", "crowd"]
"""What names a crowd."""


def find_arrivals(facts: pl.DataFrame) -> pl.DataFrame:
    """``account_id`` and ``seen_at``: when each account first showed anything."""
    return facts.group_by("account_id").agg(pl.col("seen_at").min())


def count_crowds(likenesses: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """``kind``, ``crowd``, ``when`` and ``n``: how many there were of every crowd, by when."""
    joined = likenesses.filter(pl.col("bin").is_not_null()).with_columns(when="seen_at")
    arrivals = find_arrivals(facts).select(kind=pl.lit(ANYONE), when="seen_at")
    crowds = [joined.with_columns(crowd=_crowd(*shared)) for shared in (("likeness",), ("bin",), ())]
    crowds.append(arrivals.with_columns(crowd=_crowd()))
    return count_up(pl.concat(each.select(*CROWD, "when") for each in crowds), CROWD)


def key_crowds(crowds: pl.DataFrame) -> pl.DataFrame:
    """Counts that a store gave, by time, with a key for the ``likeness`` or ``bin`` that they name."""
    return key_values(crowds).with_columns(crowd=_crowd(*SHARED)).select(*CROWD, "when", "n").sort("when")


def count_crowd(crowds: pl.DataFrame, asked: pl.DataFrame, name: str, *shared: str) -> pl.DataFrame:
    """``asked`` with a column of how many accounts of its ``kind`` there were that share ``shared`` with it."""
    return read_count(crowds, asked.with_columns(crowd=_crowd(*shared)), CROWD, name).drop("crowd")


def _crowd(*shared: str) -> pl.Expr:
    named = [(pl.col(name) if name in shared else pl.lit(None)).cast(kind).alias(name) for name, kind in SHARED.items()]
    return pl.struct(named).hash(seed=0)
