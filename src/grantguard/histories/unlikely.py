"""How unlikely it is that so many of some accounts drain what they are given, where people drain as they usually do."""

from __future__ import annotations

from math import log

import polars as pl

USUALLY_DRAIN, USUALLY_RUSH = 0.4, 0.15
"""Of people who never pay, those who spend half of what they are given, and those who do so in three days.

Ten populations by three authors had 0.17 to 0.45 and 0.03 to 0.27.
"""

RUSH = pl.duration(days=3)
"""Within how long of its first request who came for the credit alone has spent half of it."""


def tell_doublings(share: pl.Expr, usual: float, size: pl.Expr) -> pl.Expr:
    """How unlikely so large a share of so many is, where as many as is usual are expected, in doublings.

    Hoeffding's bound ("Probability Inequalities for Sums of Bounded Random Variables", 1963); 0 where the share is
    usual. Chernoff's is nearer, and needs the share four times: one account with kin took four times as long.
    """
    return size * (share - usual).clip(0) ** 2 * (2 / log(2))
