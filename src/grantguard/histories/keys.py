"""What histories agree on: when an account has a past, and texts as keys."""

from __future__ import annotations

import polars as pl

PAST_EVENTS = 20
"""Events after which an account has a past that a change can be measured against, and a print."""


def as_key(column: str) -> pl.Expr:
    """Equal texts as equal 64-bit keys, for one run: a tenth of the memory, and null stays null."""
    text = pl.col(column)
    return pl.when(text.is_not_null()).then(text.hash(seed=0)).alias(column)
