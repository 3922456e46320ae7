"""What is known of accounts besides their signals, and what a data set is called."""

from __future__ import annotations

import zlib
from dataclasses import fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.contract import Tables
from grantguard.histories import Past
from grantguard.training.recipe import NAMES


def describe_accounts(past: Past, asked: pl.DataFrame, rings: pl.DataFrame) -> pl.DataFrame:
    """What is known of each account asked about besides its signals, a row each in the order asked.

    Columns ``account_id, at, ring_id, age_days`` (since the first grant), ``opened_days, has_paid, taken_back``
    (a refund or chargeback), ``chargebacks, payments``, ``verdict`` (the newest label by then) and ``accusers`` (how
    many persons have said abuse since anybody said otherwise).
    """
    billing = (
        _up_to(past.tables.billing, asked, "occurred_at")
        .group_by("subject")
        .agg(
            payments=(pl.col("kind") == "payment").sum().cast(pl.Int64),
            chargebacks=(pl.col("kind") == "chargeback").sum().cast(pl.Int64),
            refunds=(pl.col("kind") == "refund").sum().cast(pl.Int64),
        )
    )
    granted = _up_to(past.tables.grants, asked, "granted_at").group_by("subject").agg(pl.col("granted_at").min())
    labels = spread_verdicts(past.tables.labels, rings)
    verdicts = (
        _up_to(labels, asked, "labelled_at")
        .sort("labelled_at")
        .group_by("subject", maintain_order=True)
        .agg(
            verdict=pl.col("label").last(),
            labelled_at=pl.col("labelled_at").last(),
            accusers=pl.col("reviewer").filter(_unanswered()).drop_nulls().n_unique().cast(pl.Int64),
        )
    )
    known = asked.join(
        past.marks.select("account_id", "created_at"), on="account_id", how="left", maintain_order="left"
    )
    for part in (billing, granted, verdicts):
        known = known.join(part, on="subject", how="left", maintain_order="left")
    day = 86_400_000_000
    return known.join(rings, on="account_id", how="left", maintain_order="left").select(
        *("account_id", "at", "ring_id", "verdict", "labelled_at"),
        age_days=(pl.col("at") - pl.col("granted_at")).dt.total_microseconds() / day,
        opened_days=(pl.col("at") - pl.col("created_at")).dt.total_microseconds() / day,
        accusers=pl.col("accusers").fill_null(0),
        payments=pl.col("payments").fill_null(0),
        chargebacks=pl.col("chargebacks").fill_null(0),
        has_paid=pl.col("payments").fill_null(0) > 0,
        taken_back=(pl.col("chargebacks").fill_null(0) + pl.col("refunds").fill_null(0)) > 0,
    )


def spread_verdicts(labels: pl.DataFrame, rings: pl.DataFrame) -> pl.DataFrame:
    """Labels by account: one that names a ring speaks for all its members."""
    of_rings = labels.filter(pl.col("account_id").is_null()).drop("account_id").join(rings, on="ring_id")
    return pl.concat([labels.filter(pl.col("account_id").is_not_null()), of_rings.select(labels.columns)])


def _unanswered() -> pl.Expr:
    """Whether a label says abuse and none after it says otherwise; labels stand in the order of time."""
    is_abuse = pl.col("label") == "abuse"
    return is_abuse & ((~is_abuse).cum_sum() == (~is_abuse).sum())


def _up_to(table: pl.DataFrame, asked: pl.DataFrame, moment: str) -> pl.DataFrame:
    return table.join(asked, on="account_id").filter(pl.col(moment) <= pl.col("at"))


def is_silent(signals: pl.DataFrame) -> NDArray[np.bool_]:
    """Accounts about which no family can speak."""
    return signals.select(pl.all_horizontal(pl.col(NAMES).is_null())).to_series().to_numpy()


def fingerprint(tables: Tables) -> str:
    """A name for the data that changes when any row does, and not with the order of rows."""
    parts = []
    for field in fields(tables):
        frame = getattr(tables, field.name)
        mixed = int(frame.hash_rows(seed=0).sum()) if frame.height else 0
        parts.append(f"{field.name}:{frame.height}:{mixed % 2**64:016x}")
    return f"{zlib.crc32('|'.join(parts).encode()):08x}"
