"""The money at risk of the accounts asked about, and how much is known of them, as of their moments."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.histories.keys import run


def prepare_purses(asked: pl.DataFrame, seen: pl.DataFrame, grants: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """A row a subject, in the order asked, with promotional credits spent and left, open grants, events and days.

    Columns ``subject, promo_credits_left, open_grants, promo_credits_spent, events, days``; ``grants`` and ``days`` are
    the prepared tables of these names.
    """
    given = grants.lazy().join(asked.lazy().select("subject", "at"), on="subject").filter(_is_open())
    left = given.group_by("subject").agg(_left())
    rows = asked.lazy().select("subject").join(left, on="subject", how="left", maintain_order="left")
    spent = _add_up(asked, seen["subject"], seen["promo_credits"])
    events, active = _add_up(asked, days["subject"], days["events"]), _add_up(asked, days["subject"])
    return run(rows.with_columns(_nothing_left())).hstack(
        [
            pl.Series("promo_credits_spent", spent, pl.Float64),
            pl.Series("events", events.astype(np.int64)),
            pl.Series("days", active.astype(np.int64)),
        ]
    )


@cache
def _is_open() -> pl.Expr:
    lasts = pl.col("expires_at").is_null() | (pl.col("expires_at") > pl.col("at"))
    return lasts & (pl.col("credits") > pl.col("spent"))


@cache
def _left() -> tuple[pl.Expr, pl.Expr]:
    """What is left of open grants, and which they are."""
    left = (pl.col("credits") - pl.col("spent")).sum()
    return left.alias("promo_credits_left"), pl.col("grant_id").sort().alias("open_grants")


@cache
def _nothing_left() -> tuple[pl.Expr, pl.Expr]:
    return pl.col("promo_credits_left").fill_null(0), pl.col("open_grants").fill_null([])


def _add_up(asked: pl.DataFrame, subjects: pl.Series, amounts: pl.Series | None = None) -> NDArray[np.float64]:
    """The sum of the amounts of each subject, in the order asked, or how many rows it has."""
    weights = None if amounts is None else amounts.to_numpy()
    added = np.bincount(subjects.to_numpy(), weights, minlength=asked.height)
    told: NDArray[np.float64] = added[asked["subject"].to_numpy()]
    return told
