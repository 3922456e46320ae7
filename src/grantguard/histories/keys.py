"""What histories agree on: when an account has a past, texts as keys, and how a plan is run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import polars as pl

PAST_EVENTS = 20
"""Events after which an account has a past that a change can be measured against, and a print."""

LEAN = pl.QueryOptFlags.none(projection_pushdown=True, fast_projection=True)
"""What is worth doing to a plan whose frames are at hand, to read no column in vain: to look for more, be it for what
expressions have in common, costs one account more than it saves millions of events."""


@cache
def as_key(column: str) -> pl.Expr:
    """Equal texts as equal 64-bit keys, for one run: a tenth of the memory, and null stays null."""
    text = pl.col(column)
    return pl.when(text.is_not_null()).then(text.hash(seed=0)).alias(column)


def has_any(column: pl.Series) -> bool:
    """Whether any row of it is known."""
    return column.null_count() < column.len()


def run(plan: pl.LazyFrame) -> pl.DataFrame:
    """The plan's rows, in memory: to set up streams takes longer than one account does, and than most tables do."""
    (rows,) = run_all([plan])
    return rows


def run_all(plans: Iterable[pl.LazyFrame]) -> list[pl.DataFrame]:
    """The rows of each plan.

    Plans that are collected together, be it one, run among the threads that work; one alone goes there and back for
    each of its steps.
    """
    return pl.collect_all(plans, engine="in-memory", optimizations=LEAN)
