"""The money at risk of the accounts asked about, and how much is known of them, as of their moments."""

from __future__ import annotations

import polars as pl

from grantguard.histories.keys import run


def prepare_purses(asked: pl.DataFrame, seen: pl.DataFrame, grants: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """A row a subject, in the order asked, with promotional credits spent and left, open grants, events and days.

    Columns ``subject, promo_credits_spent, promo_credits_left, open_grants, events, days``; ``grants`` and ``days`` are
    the prepared tables of these names.
    """
    left = (pl.col("credits") - pl.col("spent")).clip(0)
    is_open = (pl.col("expires_at").is_null() | (pl.col("expires_at") > pl.col("at"))) & (left > 0)
    given = grants.lazy().join(asked.lazy().select("subject", "at"), on="subject")
    parts = (
        given.group_by("subject").agg(
            promo_credits_left=left.filter(is_open).sum(), open_grants=pl.col("grant_id").filter(is_open).sort()
        ),
        seen.lazy().group_by("subject").agg(promo_credits_spent=pl.col("promo_credits").sum()),
        days.lazy().group_by("subject").agg(pl.col("events").sum(), days=pl.len().cast(pl.Int64)),
    )
    rows = asked.lazy().select("subject")
    for part in parts:
        rows = rows.join(part, on="subject", how="left", maintain_order="left")
    numbers = [pl.col(name).fill_null(0) for name in ("promo_credits_left", "promo_credits_spent", "events", "days")]
    return run(rows.with_columns(*numbers, pl.col("open_grants").fill_null([])))
