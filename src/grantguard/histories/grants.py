"""Grants and billing of the accounts asked about, as of their moments."""

from __future__ import annotations

import polars as pl

from grantguard.contract import Tables
from grantguard.histories.charging import DRAINED
from grantguard.histories.ties import HALF

DAY = 86_400_000_000
HOUR = 3_600_000_000


def _between(begins: str, ends: str, unit: int) -> pl.Expr:
    return (pl.col(ends) - pl.col(begins)).dt.total_microseconds() / unit


def prepare_grants(tables: Tables, seen: pl.DataFrame, asked: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """One row a subject and grant given by then, with the columns of ``views.Grants``."""
    near = _given_near(tables.grants)
    given = (
        tables.grants.join(near, on="grant_id", how="left")
        .join(asked, on="account_id")
        .filter(pl.col("granted_at") <= pl.col("at"))
        .join(marks.select("account_id", "created_at", "deleted_at"), on="account_id", how="left")
        .sort("subject", "granted_at", "grant_id")
    )
    spending = given.join(_spending(seen), on=["subject", "grant_id"], how="left", maintain_order="left")
    return _shape(_with_silence(_with_past(spending, seen), seen))


def _given_near(grants: pl.DataFrame) -> pl.DataFrame:
    ordered = grants.sort("account_id", "granted_at")
    counts = ordered.rolling("granted_at", period="1d", group_by="account_id").agg(given_near=pl.len().cast(pl.Int64))
    return ordered.select("grant_id").with_columns(counts["given_near"])


def _spending(seen: pl.DataFrame) -> pl.DataFrame:
    """What each grant paid for, and when."""
    paying = seen.lazy().filter(pl.col("promo_credits") > 0)
    first = pl.col("occurred_at").min().over("subject", "charged_to")
    promo = pl.col("promo_credits")
    return (
        paying.with_columns(first_at=first)
        .group_by("subject", grant_id="charged_to")
        .agg(
            spent=promo.sum(),
            on_it=pl.len(),
            first_at=pl.col("first_at").min(),
            half_at=pl.col("occurred_at").filter(pl.col("grant_share") >= HALF).min(),
            drained_at=pl.col("occurred_at").filter(pl.col("grant_share") >= DRAINED).min(),
            times=pl.col("occurred_at"),
            charges=promo,
        )
        .collect()
    )


def _with_past(given: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """Events, and credits, of the account before each grant."""
    running = seen.select(
        "subject",
        "occurred_at",
        events_before=pl.int_range(1, pl.len() + 1).over("subject"),
        credits_before=pl.col("credits").cum_sum().over("subject"),
    )
    return given.join_asof(
        running,
        left_on="granted_at",
        right_on="occurred_at",
        by="subject",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    ).drop("occurred_at", strict=False)


def _with_silence(given: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """The next request that was served after each grant ran dry."""
    served = seen.filter(pl.col("status") == "ok").select("subject", next_at="occurred_at")
    drained = given.filter(pl.col("drained_at").is_not_null()).select("subject", "grant_id", "drained_at")
    following = drained.sort("drained_at").join_asof(
        served.sort("next_at"),
        left_on="drained_at",
        right_on="next_at",
        by="subject",
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return given.join(
        following.select("subject", "grant_id", "next_at"),
        on=["subject", "grant_id"],
        how="left",
        maintain_order="left",
    )


def _shape(given: pl.DataFrame) -> pl.DataFrame:
    timed = given.select("subject", "grant_id", "granted_at", "expires_at", "charges", "times").explode(
        "charges", "times"
    )
    first_day = pl.col("charges").filter(pl.col("times") < pl.col("granted_at") + pl.duration(days=1)).sum()
    last_days = pl.col("charges").filter(pl.col("times") > pl.col("expires_at") - pl.duration(days=2)).sum()
    windows = timed.group_by("subject", "grant_id").agg(in_first_day=first_day, in_last_days=last_days)
    silent_until = pl.coalesce("next_at", "at")
    gone = pl.col("deleted_at") <= pl.col("at")
    return given.join(windows, on=["subject", "grant_id"], how="left", maintain_order="left").select(
        *("subject", "grant_id", "granted_at", "expires_at", "kind", "campaign", "credits", "given_near"),
        spent=pl.col("spent").fill_null(0.0),
        spent_share=(pl.col("spent").fill_null(0.0) / pl.col("credits")).clip(0, 1),
        first_day_share=(pl.col("in_first_day") / pl.col("credits")).clip(0, 1),
        expiry_share=pl.when(pl.col("at") >= pl.col("expires_at")).then(pl.col("in_last_days") / pl.col("spent")),
        wait=_between("granted_at", "first_at", 1_000_000),
        drain=_between("first_at", "half_at", 1_000_000),
        silence=(silent_until - pl.col("drained_at")).dt.total_microseconds() / DAY,
        since_created=_between("created_at", "granted_at", DAY),
        events_before=pl.col("events_before").fill_null(0),
        appetite_before=pl.col("credits_before") / pl.col("events_before"),
        appetite_on=pl.col("spent") / pl.col("on_it"),
        deleted_after=pl.when(gone).then(_between("drained_at", "deleted_at", HOUR)),
    )


def prepare_billing(billing: pl.DataFrame, seen: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """One row a subject and billing event by then, with the columns of ``views.Billing``."""
    dry = seen.filter(pl.col("runs_dry")).select("subject", dry_at="occurred_at").sort("dry_at")
    rows = billing.join(asked, on="account_id").filter(pl.col("occurred_at") <= pl.col("at"))
    dated = rows.sort("occurred_at", "billing_id").join_asof(
        dry, left_on="occurred_at", right_on="dry_at", by="subject", strategy="backward", check_sortedness=False
    )
    after = _between("dry_at", "occurred_at", DAY)
    return dated.select("subject", "occurred_at", "kind", "amount_usd", after_dry=after).sort("subject", "occurred_at")
