"""Which grant paid for which event, and what was left of the grants then."""

from __future__ import annotations

import polars as pl

from grantguard.contract import MULTIPLIERS

DRAINED = 0.95
"""The share of a grant at which it counts as drained; the last crumbs buy no request."""

EVENT_ORDER = ("account_id", "occurred_at", "event_id")


def charge(usage: pl.DataFrame, grants: pl.DataFrame) -> pl.DataFrame:
    """Usage in time order with ``charged_to``, ``promo_credits``, ``promo_value`` and ``grant_share``.

    A row that names its grant is charged to it. A row that names none, and is not known to be paid, is charged
    to the grants then open, soonest to expire first, and to none once they are spent. What was refunded was
    not spent. ``grant_share`` is the share of the grant that is spent after the event.
    """
    events = usage.sort(EVENT_ORDER)
    spent = pl.when(pl.col("status") == "refunded").then(0.0).otherwise(pl.col("credits"))
    events = events.with_columns(spend=spent, charged_to=pl.col("grant_id")).with_row_index("row")
    silent = events.filter(
        pl.col("grant_id").is_null(), pl.col("funding").is_null() | (pl.col("funding") == "grant"), pl.col("spend") > 0
    )
    if silent.height:
        events = _with_choices(events, _choose_grants(silent, grants, events))
    return _with_spending(events, grants)


def _with_choices(events: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    return (
        events.join(choices, on="row", how="left", maintain_order="left")
        .with_columns(charged_to=pl.coalesce("charged_to", "choice"))
        .drop("choice")
    )


def _choose_grants(silent: pl.DataFrame, grants: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """For each silent row the grant that pays it: one pass a rank of expiry, all accounts at once."""
    named = events.filter(pl.col("grant_id").is_not_null()).group_by("grant_id").agg(named=pl.col("spend").sum())
    ranked = (
        grants.join(named, on="grant_id", how="left")
        .with_columns(room=pl.col("credits") - pl.col("named").fill_null(0.0))
        .sort("account_id", "expires_at", "granted_at", "grant_id", nulls_last=True)
        .with_columns(rank=pl.int_range(pl.len()).over("account_id"))
        .select("account_id", "rank", "room", "granted_at", "expires_at", only="category", choice="grant_id")
    )
    waiting = silent.select("row", "account_id", "occurred_at", "category", "spend")
    chosen = [pl.DataFrame(schema={"row": silent.schema["row"], "choice": pl.String})]
    for rank in ranked["rank"].unique().sort().to_list():
        offered = waiting.join(ranked.filter(pl.col("rank") == rank), on="account_id", maintain_order="left")
        taken = offered.filter(_open()).filter(
            pl.col("spend").cum_sum().over("account_id") - pl.col("spend") < pl.col("room")
        )
        chosen.append(taken.select("row", "choice"))
        waiting = waiting.join(taken, on="row", how="anti", maintain_order="left")
    return pl.concat(chosen)


def _open() -> pl.Expr:
    begun = pl.col("granted_at") <= pl.col("occurred_at")
    live = pl.col("expires_at").is_null() | (pl.col("occurred_at") < pl.col("expires_at"))
    fits = pl.col("only").is_null() | (pl.col("only") == pl.col("category"))
    return begun & live & fits


def _with_spending(events: pl.DataFrame, grants: pl.DataFrame) -> pl.DataFrame:
    multiplier = pl.col("category").replace_strict(MULTIPLIERS, default=1.0, return_dtype=pl.Float64)
    promo = pl.when(pl.col("charged_to").is_not_null()).then(pl.col("spend")).otherwise(0.0)
    size = grants.select(charged_to="grant_id", size="credits")
    return (
        events.with_columns(promo_credits=promo)
        .with_columns(promo_value=pl.col("promo_credits") * multiplier)
        .join(size, on="charged_to", how="left", maintain_order="left")
        .with_columns(grant_share=pl.col("promo_credits").cum_sum().over("account_id", "charged_to") / pl.col("size"))
        .drop("spend", "row", "size")
    )


def with_balance(events: pl.DataFrame, grants: pl.DataFrame) -> pl.DataFrame:
    """Events with ``granted``, ``left_share`` and ``dry_at``, each as of the event.

    ``left_share`` is what the account still had of all that it was given, lapsed grants counting as gone;
    ``dry_at`` is when the grants ran dry, null while something was left.
    """
    given = grants.select("account_id", "granted_at", "credits").sort("account_id", "granted_at")
    given = given.with_columns(granted=pl.col("credits").cum_sum().over("account_id")).drop("credits")
    spent = events.group_by("charged_to").agg(spent=pl.col("promo_credits").sum())
    lapsed = (
        grants.filter(pl.col("expires_at").is_not_null())
        .join(spent, left_on="grant_id", right_on="charged_to", how="left")
        .with_columns(lost=(pl.col("credits") - pl.col("spent").fill_null(0.0)).clip(0.0))
        .sort("account_id", "expires_at")
        .with_columns(lapsed=pl.col("lost").cum_sum().over("account_id"))
        .select("account_id", "expires_at", "lapsed")
    )
    events = _latest(events, given, "granted_at")
    events = _latest(events, lapsed, "expires_at")
    spent_by_then = pl.col("promo_credits").cum_sum().over("account_id")
    left = pl.col("granted") - spent_by_then - pl.col("lapsed").fill_null(0.0)
    return _with_dry(events.with_columns(left_share=(left / pl.col("granted")).clip(0.0, 1.0)).drop("lapsed"))


def _with_dry(events: pl.DataFrame) -> pl.DataFrame:
    dry = pl.col("left_share") <= 1.0 - DRAINED
    begins = dry & (pl.col("promo_credits") > 0) & ~dry.shift(1).over("account_id").fill_null(value=False)
    since = pl.when(begins).then(pl.col("occurred_at")).forward_fill().over("account_id")
    return events.with_columns(dry_at=pl.when(dry).then(since), runs_dry=begins.fill_null(value=False))


def _latest(events: pl.DataFrame, known: pl.DataFrame, moment: str) -> pl.DataFrame:
    joined = events.join_asof(
        known, left_on="occurred_at", right_on=moment, by="account_id", strategy="backward", check_sortedness=False
    )
    return joined.drop(moment, strict=False)
