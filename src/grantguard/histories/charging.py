"""Which grant paid for which event, and what was left of the grants then.

Events come in the order of ``events.put_in_order``; ``grant_row`` is a grant's place in the table of grants.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from grantguard.contract import MULTIPLIERS
from grantguard.histories.keys import run

DRAINED = 0.95
"""The share of a grant at which it counts as drained; the last crumbs buy no request."""


def charge(events: pl.DataFrame, grants: pl.DataFrame) -> pl.DataFrame:
    """Events with ``charged_to``, ``grant_row``, ``promo_credits``, ``promo_value`` and ``grant_share``.

    A row that names its grant is charged to it. A row that names none, and is not known to be paid, is charged
    to the grants then open, soonest to expire first, and to none once they are spent. What was refunded was
    not spent. ``grant_share`` is the share of the grant that is spent after the event.
    """
    named = run(_with_named(events, grants))
    may_be_promo = pl.col("funding").is_null() | (pl.col("funding") == "grant")
    silent = named.filter(pl.col("charged_to").is_null(), may_be_promo, pl.col("spend") > 0)
    if silent.height and grants.height:
        choice = _choose_grants(silent, grants, named)
        named = named.with_columns(
            charged_to=pl.coalesce("charged_to", grants["grant_id"].gather(choice)),
            grant_row=pl.coalesce("grant_row", choice),
        )
    return run(_with_spending(named.lazy(), grants))


def charge_alone(usage: pl.DataFrame, grants: pl.DataFrame) -> pl.DataFrame:
    """One account's usage, charged in order of time, of which no more is known than what is spent."""
    keyed = usage.sort("occurred_at").with_columns(account=pl.col("account_id").hash(seed=0))
    ordered = keyed.with_columns(row=pl.int_range(pl.len()), position=pl.int_range(1, pl.len() + 1))
    return charge(ordered, grants).drop("row", "position", "account", "spend")


def _with_named(events: pl.DataFrame, grants: pl.DataFrame) -> pl.LazyFrame:
    spend = pl.when(pl.col("status") == "refunded").then(0.0).otherwise(pl.col("credits"))
    places = grants.lazy().with_row_index("grant_row")
    # By its account too: an id that a sender gives to many accounts is a grant of each of them.
    key = ["account", "grant"]
    rows = places.select("grant_row", account=pl.col("account_id").hash(seed=0), grant=pl.col("grant_id").hash(seed=0))
    named = events.lazy().with_columns(spend=spend).rename({"grant_id": "charged_to"})
    if events["grant_id"].null_count() == events.height:
        return named.with_columns(grant_row=pl.lit(None, pl.UInt32))
    grant = pl.when(pl.col("charged_to").is_not_null()).then(pl.col("charged_to").hash(seed=0))
    return named.with_columns(grant=grant).join(rows, on=key, how="left", maintain_order="left").drop("grant")


def _choose_grants(silent: pl.DataFrame, grants: pl.DataFrame, events: pl.DataFrame) -> pl.Series:
    """For each event the place of the grant that pays it, where none was named: one pass a rank of expiry."""
    ranked = _rank(grants, events)
    waiting = silent.select("row", "account", "occurred_at", "category", "spend")
    choice = pl.repeat(None, events.height, dtype=pl.UInt32, eager=True)
    for rank in range(1 + int(ranked["rank"].max())):  # type: ignore[arg-type]
        offered = ranked.filter(pl.col("rank") == rank)
        asked = run(_offer(waiting, offered))
        taken = asked.filter("taken")
        choice.scatter(taken["row"], taken["choice"])
        waiting = asked.filter(~pl.col("taken")).select(waiting.columns)
        if waiting.is_empty():
            break
    return choice


def _rank(grants: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Grants in the order in which each account spends them, with the room that named rows leave in them."""
    named = events.lazy().group_by(choice="grant_row").agg(named=pl.col("spend").sum())
    return run(
        grants.lazy()
        .with_columns(account=pl.col("account_id").hash(seed=0), choice=pl.int_range(pl.len(), dtype=pl.UInt32))
        .join(named, on="choice", how="left")
        .sort("account", "expires_at", "granted_at", "grant_id", nulls_last=True)
        .select(
            *("account", "granted_at", "expires_at", "choice"),
            rank=pl.int_range(pl.len()).over("account"),
            room=pl.col("credits") - pl.col("named").fill_null(0.0),
            only="category",
        )
    )


def _offer(waiting: pl.DataFrame, offered: pl.DataFrame) -> pl.LazyFrame:
    """Who waits, with the grant offered to its account and whether it is ``taken``."""
    could = pl.when(_open()).then("spend").otherwise(0.0)
    before = could.cum_sum().over("account") - could
    return (
        waiting.lazy()
        .join(offered.lazy(), on="account", how="left", maintain_order="left")
        .with_columns(taken=(_open() & (before < pl.col("room"))).fill_null(value=False))
    )


@cache
def _open() -> pl.Expr:
    begun = pl.col("granted_at") <= pl.col("occurred_at")
    live = pl.col("expires_at").is_null() | (pl.col("occurred_at") < pl.col("expires_at"))
    fits = pl.col("only").is_null() | (pl.col("only") == pl.col("category"))
    return begun & live & fits


def _with_spending(events: pl.LazyFrame, grants: pl.DataFrame) -> pl.LazyFrame:
    multiplier = pl.col("category").replace_strict(MULTIPLIERS, default=1.0, return_dtype=pl.Float64)
    promo = pl.when(pl.col("charged_to").is_not_null()).then(pl.col("spend")).otherwise(0.0)
    size = pl.lit(grants["credits"]).gather(pl.col("grant_row"))
    return events.with_columns(promo_credits=promo).with_columns(
        promo_value=pl.col("promo_credits") * multiplier,
        grant_share=pl.col("promo_credits").cum_sum().over("grant_row") / size,
    )


def with_balance(events: pl.DataFrame, grants: pl.DataFrame) -> pl.LazyFrame:
    """Events with ``granted``, ``left_share``, ``dry_at`` and ``runs_dry``, each as of the event.

    ``left_share`` is what the account still had of all that it was given, lapsed grants counting as gone;
    ``dry_at`` is when the grants ran dry, null while something was left.
    """
    owned = grants.lazy().with_columns(account=pl.col("account_id").hash(seed=0))
    given = owned.sort("account", "granted_at").select(
        "account", "granted_at", granted=pl.col("credits").cum_sum().over("account")
    )
    known = _latest(events.lazy(), given, "granted_at")
    lapsed = pl.lit(0.0)
    if grants["expires_at"].null_count() < grants.height:
        known = _latest(known, _lapsed(events, owned), "expires_at")
        lapsed = pl.col("lapsed").fill_null(0.0)
    spent_by_then = pl.col("promo_credits").cum_sum().over("account")
    left = pl.col("granted") - spent_by_then - lapsed
    return _with_dry(known.with_columns(left_share=(left / pl.col("granted")).clip(0.0, 1.0)))


def _lapsed(events: pl.DataFrame, owned: pl.LazyFrame) -> pl.LazyFrame:
    """By account, and from when on, how much lapsed unspent."""
    spent = events.lazy().group_by("grant_row").agg(spent=pl.col("promo_credits").sum())
    return (
        owned.with_columns(grant_row=pl.int_range(pl.len(), dtype=pl.UInt32))
        .filter(pl.col("expires_at").is_not_null())
        .join(spent, on="grant_row", how="left")
        .sort("account", "expires_at")
        .with_columns(lost=(pl.col("credits") - pl.col("spent").fill_null(0.0)).clip(0.0))
        .select("account", "expires_at", lapsed=pl.col("lost").cum_sum().over("account"))
    )


def _with_dry(events: pl.LazyFrame) -> pl.LazyFrame:
    dry = pl.col("left_share") <= 1.0 - DRAINED
    was_dry = pl.when(pl.col("position") > 1).then(dry.shift(1)).fill_null(value=False)
    begins = (dry & (pl.col("promo_credits") > 0) & ~was_dry).fill_null(value=False)
    # Carried forward over all events at once; what was carried in from the account before is not this one's.
    since = pl.when("runs_dry").then("row").forward_fill()
    began = pl.when("runs_dry").then("occurred_at").forward_fill()
    is_own = pl.col("row") - since < pl.col("position")
    return events.with_columns(runs_dry=begins).with_columns(dry_at=pl.when(dry & is_own).then(began))


def _latest(events: pl.LazyFrame, known: pl.LazyFrame, moment: str) -> pl.LazyFrame:
    return events.join_asof(
        known, left_on="occurred_at", right_on=moment, by="account", strategy="backward", check_sortedness=False
    ).drop(moment)
