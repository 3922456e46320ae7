"""How much of an account's usage somebody meant: weights for product analytics and training data.

Usage that only credit brought about skews what features seem to be adopted. Each account weighs one minus the chance
that it is gamed. Low intent is not gaming: who is as ordinary as the reference keeps a weight of one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Floats = NDArray[np.float64]

ORDINARY = 0.1
"""The p-value above which everybody is taken as genuine: there, their density shows what genuine ones make up."""


def weigh(scores: pl.DataFrame, usage: pl.DataFrame) -> pl.DataFrame:
    """``account_id``, ``session_id`` (null: the account) and ``weight`` from 0 to 1, for accounts and their sessions.

    An account about which too little is known weighs one; a session weighs what its account does.
    """
    chance = np.zeros(scores.height)
    known = scores["p_value"].is_not_null().to_numpy()
    chance[known] = chance_gamed(scores["p_value"].drop_nulls().to_numpy())
    accounts = scores.select("account_id", pl.lit(None, pl.String).alias("session_id"), weight=pl.Series(1 - chance))
    sessions = usage.select("account_id", "session_id").drop_nulls("session_id").unique()
    told = sessions.join(accounts.select("account_id", "weight"), on="account_id")
    return pl.concat([accounts, told.select(accounts.columns)]).sort("account_id", "session_id", nulls_last=False)


def chance_gamed(p_values: Floats) -> Floats:
    """The chance that each account is not genuine, from its p-value among all others': 1 - g0 / g(p).

    Genuine p-values are even, at the density g0 that is seen above ``ORDINARY``; g, the density of all, falls
    from 0 on, and where it is above g0 there are more accounts than genuine ones explain. This is Efron's local false
    discovery rate with its zero assumption, "Large-Scale Inference" (2010), g by Grenander's estimator.
    """
    tail = p_values <= ORDINARY
    chance = np.zeros(len(p_values))
    if not tail.any():
        return chance
    points, place, count = np.unique(p_values[tail], return_inverse=True, return_counts=True)
    widths = np.diff(np.concatenate([[0.0], points]))
    falling: Any = isotonic_regression(count / widths, weights=widths, increasing=False)
    ordinary = (~tail).sum() / (1 - ORDINARY)
    chance[tail] = np.clip(1 - ordinary / falling.x, 0, 1)[place]
    return chance


def compare_figures(usage: pl.DataFrame, weights: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Product figures as they look, weighted, and in truth: ``figure, category, raw, weighted, genuine``.

    ``mix`` is the category's share of requests, ``adoption`` the share of accounts that used it.
    """
    by_account = weights.filter(pl.col("session_id").is_null()).select("account_id", "weight")
    told = by_account.join(
        truth.select("account_id", genuine=(pl.col("role") == "genuine").cast(pl.Float64)), on="account_id"
    )
    told = told.with_columns(raw=pl.lit(1.0)).rename({"weight": "weighted"})
    counts = (
        usage.group_by("account_id", "category").agg(requests=pl.len().cast(pl.Float64)).join(told, on="account_id")
    )
    views = ("raw", "weighted", "genuine")
    mix = counts.group_by("category").agg((pl.col("requests") * pl.col(view)).sum().alias(view) for view in views)
    mix = mix.with_columns(pl.col(view) / pl.col(view).sum() for view in views)
    adopted = counts.group_by("category").agg(pl.col(view).sum() for view in views)
    adopted = adopted.with_columns(pl.col(view) / told[view].sum() for view in views)
    figures = [table.with_columns(figure=pl.lit(name)) for name, table in (("mix", mix), ("adoption", adopted))]
    return pl.concat(figures).select("figure", "category", *views).sort("figure", "category")
