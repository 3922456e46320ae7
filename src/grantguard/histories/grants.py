"""Grants and billing of the accounts asked about, as of their moments."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import polars as pl

from grantguard.contract import TIME, Tables
from grantguard.histories.charging import DRAINED
from grantguard.histories.keys import run
from grantguard.histories.ties import HALF

DAY = 86_400_000_000
HOUR = 3_600_000_000

GIVEN = pl.col("granted_at") <= pl.col("at")
"""Whether a grant had been given by the moment asked about."""

ONE_DAY, TWO_DAYS = pl.duration(days=1), pl.duration(days=2)

BILL = pl.Schema(
    {
        "subject": pl.UInt32(),
        "occurred_at": TIME,
        "kind": pl.String(),
        "amount_usd": pl.Float64(),
        "after_dry": pl.Float64(),
    }
)
"""A billing event of a subject."""

NO_BILLS = BILL.to_frame()


def _between(begins: str, ends: str, unit: int) -> pl.Expr:
    return (pl.col(ends) - pl.col(begins)).dt.total_microseconds() / unit


def prepare_grants(tables: Tables, seen: pl.DataFrame, asked: pl.DataFrame, marks: pl.DataFrame) -> pl.LazyFrame:
    """One row a subject and grant given by then, with the columns of ``views.Grants``, ``drained_at`` and ``next_at``.

    ``seen`` has the prepared events of each subject up to its moment, by time.
    """
    lives = marks.lazy().select("account_id", "created_at", "deleted_at")
    known = _with_given_near(tables.grants).join(asked.lazy(), on="account_id").filter(GIVEN)
    spending = _spending(seen, tables.grants)
    given = (
        known.join(lives, on="account_id", how="left")
        .join(spending, on=["subject", "grant_row"], how="left")
        .sort("subject", "granted_at", "grant_id")
    )
    return _with_past(_with_silence(given, seen), seen).select(_shape())


def _with_given_near(grants: pl.DataFrame) -> pl.LazyFrame:
    """Grants with ``grant_row``, as events name it, and how many were given to the account within the day before."""
    placed = grants.with_row_index("grant_row")
    if grants["account_id"].n_unique() == grants.height:
        return placed.lazy().with_columns(given_near=pl.lit(1, pl.Int64))
    ordered = placed.sort("account_id", "granted_at")
    near = ordered.rolling("granted_at", period="1d", group_by="account_id").agg(given_near=pl.len().cast(pl.Int64))
    return ordered.lazy().with_columns(near["given_near"])


def _spending(seen: pl.DataFrame, grants: pl.DataFrame) -> pl.LazyFrame:
    """What each grant paid for, and when."""
    when, row = pl.col("occurred_at"), pl.col("grant_row")
    given, lapses = (pl.lit(grants[name]).gather(row) for name in ("granted_at", "expires_at"))
    paid = (
        seen.lazy()
        .filter(_is_paid())
        .select(
            *("subject", "grant_row", "occurred_at", "promo_credits", "grant_share"),
            is_first=when < given + ONE_DAY,
            is_last=when > lapses - TWO_DAYS,
        )
    )
    return paid.group_by("subject", "grant_row").agg(_spent())


@cache
def _is_paid() -> pl.Expr:
    return (pl.col("promo_credits") > 0) & pl.col("grant_row").is_not_null()


@cache
def _spent() -> tuple[pl.Expr, ...]:
    """What a grant paid for: how much, when first, by when half and nearly all of it, and how much early and late."""
    when, promo, share = (pl.col(name) for name in ("occurred_at", "promo_credits", "grant_share"))
    told = {
        "spent": promo.sum(),
        "on_it": pl.len(),
        "first_at": when.min(),
        "half_at": when.filter(share >= HALF).min(),
        "drained_at": when.filter(share >= DRAINED).min(),
        "in_first_day": promo.filter("is_first").sum(),
        "in_last_days": promo.filter("is_last").sum(),
    }
    return tuple(value.alias(name) for name, value in told.items())


def _with_past(given: pl.LazyFrame, seen: pl.DataFrame) -> pl.LazyFrame:
    """Events, and credits, of the account before each grant."""
    running = seen.lazy().select("subject", "occurred_at", *_running())
    return given.join_asof(
        running,
        left_on="granted_at",
        right_on="occurred_at",
        by="subject",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )


@cache
def _running() -> tuple[pl.Expr, pl.Expr]:
    so_far = pl.col("credits").cum_sum().over("subject")
    return pl.col("position").alias("events_before"), so_far.alias("credits_before")


def _with_silence(given: pl.LazyFrame, seen: pl.DataFrame) -> pl.LazyFrame:
    """The next request that was served after each grant ran dry."""
    if not (seen["grant_share"] >= DRAINED).any():
        return given.with_columns(next_at=pl.col("drained_at"))
    given = run(given).lazy()
    served = seen.lazy().filter(pl.col("status") == "ok").select("subject", next_at="occurred_at")
    drained = given.filter(pl.col("drained_at").is_not_null()).select("subject", "grant_row", "drained_at")
    following = drained.sort("drained_at").join_asof(
        served,
        left_on="drained_at",
        right_on="next_at",
        by="subject",
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    known = following.select("subject", "grant_row", "next_at")
    return given.join(known, on=["subject", "grant_row"], how="left", maintain_order="left")


KEPT = ("subject", "grant_id", "granted_at", "expires_at", "kind", "campaign", "credits", "given_near")
"""Columns of a prepared grant that need no reckoning."""


@cache
def _shape() -> tuple[pl.Expr, ...]:
    """The columns of a prepared grant."""
    gone = pl.col("deleted_at") <= pl.col("at")
    spent = pl.col("spent").fill_null(0.0)
    told = {
        "spent": spent,
        "spent_share": (spent / pl.col("credits")).clip(0, 1),
        "first_day_share": (pl.col("in_first_day").fill_null(0.0) / pl.col("credits")).clip(0, 1),
        "expiry_share": pl.when(pl.col("at") >= pl.col("expires_at")).then(pl.col("in_last_days") / pl.col("spent")),
        "wait": _between("granted_at", "first_at", 1_000_000),
        "drain": _between("first_at", "half_at", 1_000_000),
        "silence": _silence(pl.col("at")),
        "since_created": _between("created_at", "granted_at", DAY),
        "events_before": pl.col("events_before").fill_null(0),
        "appetite_before": pl.col("credits_before") / pl.col("events_before"),
        "appetite_on": pl.col("spent") / pl.col("on_it"),
        "deleted_after": pl.when(gone).then(_between("drained_at", "deleted_at", HOUR)),
    }
    return pl.col(*KEPT), *(value.alias(name) for name, value in told.items()), pl.col("drained_at", "next_at")


def _silence(at: pl.Expr) -> pl.Expr:
    return (pl.coalesce("next_at", at) - pl.col("drained_at")).dt.total_microseconds() / DAY


def wait_on(grants: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Prepared grants as they stand at a later moment, up to which nothing of their accounts' own has happened.

    Only the silence after running dry has grown by then.
    """
    return grants.with_columns(silence=_silence(pl.lit(at, TIME)))


def prepare_billing(billing: pl.DataFrame, seen: pl.DataFrame, asked: pl.DataFrame) -> pl.LazyFrame:
    """One row a subject and billing event by then, with the columns of ``views.Billing``."""
    if billing.is_empty():
        return NO_BILLS.lazy()
    rows = billing.lazy().join(asked.lazy(), on="account_id").filter(pl.col("occurred_at") <= pl.col("at"))
    dry = seen.lazy().filter(pl.col("runs_dry")).select("subject", dry_at="occurred_at")
    dated = rows.sort("subject", "occurred_at", "billing_id").join_asof(
        dry, left_on="occurred_at", right_on="dry_at", by="subject", strategy="backward", check_sortedness=False
    )
    after = _between("dry_at", "occurred_at", DAY)
    return dated.select("subject", "occurred_at", "kind", "amount_usd", after_dry=after)
