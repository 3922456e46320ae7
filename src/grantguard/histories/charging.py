"""Which grant paid for which event, and what was left of the grants then.

Events come in the order of ``events.put_in_order``; ``grant_row`` is a grant's place in the table of grants.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from grantguard.contract import MULTIPLIERS
from grantguard.histories.keys import has_any, run, run_all

DRAINED = 0.95
"""The share of a grant at which it counts as drained; the last crumbs buy no request."""


def charge(events: pl.LazyFrame, grants: pl.DataFrame, *, names_grants: bool) -> pl.LazyFrame:
    """Events with ``charged_to``, ``grant_row``, ``promo_credits``, ``promo_value`` and ``grant_share``.

    A row that names its grant is charged to it. A row that names none, and is not known to be paid, is charged
    to the grants then open, soonest to expire first, and to none once they are spent. What was refunded was
    not spent. ``grant_share`` is the share of the grant that is spent after the event.

    ``names_grants`` says whether any row names its grant.
    """
    spending = events.with_columns(_spend()).rename({"grant_id": "charged_to"})
    placed = _with_named(spending, grants) if names_grants else spending.with_columns(NO_GRANT)
    named, ranked = run_all([placed, _rank(grants)])
    choice = _choose_grants(named, run(_leave_room(ranked, named)) if names_grants else ranked)
    return _with_spending(_with_chosen(named.lazy(), grants, choice), grants)


def charge_alone(usage: pl.DataFrame, grants: pl.DataFrame) -> pl.DataFrame:
    """One account's usage, charged in order of time, of which no more is known than what is spent."""
    keyed = usage.sort("occurred_at").with_columns(account=pl.col("account_id").hash(seed=0))
    ordered = keyed.with_columns(row=pl.int_range(pl.len()), position=pl.int_range(1, pl.len() + 1))
    charged = charge(ordered.lazy(), grants, names_grants=has_any(usage["grant_id"]))
    return run(charged.drop("row", "position", "account", "spend"))


@cache
def _names_no_grant() -> pl.Expr:
    """Whether a row may be a grant's, names none, and was charged for."""
    may_be_promo = pl.col("funding").is_null() | (pl.col("funding") == "grant")
    return pl.col("charged_to").is_null() & may_be_promo & (pl.col("spend") > 0)


NO_GRANT = pl.lit(None, pl.UInt32).alias("grant_row")
"""The place of the grant that a row names, where it names none."""


def _with_named(events: pl.LazyFrame, grants: pl.DataFrame) -> pl.LazyFrame:
    # By its account too: an id that a sender gives to many accounts is a grant of each of them.
    key = ["account", "grant"]
    places = grants.lazy().with_row_index("grant_row")
    rows = places.select("grant_row", account=pl.col("account_id").hash(seed=0), grant=pl.col("grant_id").hash(seed=0))
    grant = pl.when(pl.col("charged_to").is_not_null()).then(pl.col("charged_to").hash(seed=0))
    return events.with_columns(grant=grant).join(rows, on=key, how="left", maintain_order="left").drop("grant")


@cache
def _spend() -> pl.Expr:
    return pl.when(pl.col("status") == "refunded").then(0.0).otherwise(pl.col("credits")).alias("spend")


def _choose_grants(events: pl.DataFrame, ranked: pl.DataFrame) -> pl.Series:
    """For each event the place of the grant that pays it, where none was named: one pass a rank of expiry."""
    left = events.lazy().filter(_names_no_grant()).select("row", *WAITING)
    choice = pl.repeat(None, events.height, dtype=pl.UInt32, eager=True)
    for offered in ranked.partition_by("rank"):
        asked = run(_offer(left, offered))
        taken = asked["taken"]
        choice.scatter(asked["row"].filter(taken), asked["choice"].filter(taken))
        if taken.all():
            break
        left = asked.lazy().filter(~pl.col("taken")).select("row", *WAITING)
    return choice


WAITING = ("account", "occurred_at", "category", "spend")
"""What is read of an event that waits for a grant."""


def _with_chosen(events: pl.LazyFrame, grants: pl.DataFrame, choice: pl.Series) -> pl.LazyFrame:
    if not has_any(choice):
        return events
    name = pl.lit(grants["grant_id"]).gather(choice)
    return events.with_columns(charged_to=pl.coalesce("charged_to", name), grant_row=pl.coalesce("grant_row", choice))


def _rank(grants: pl.DataFrame) -> pl.LazyFrame:
    """Grants in the order in which each account spends them, with the room that is in them."""
    ranked = grants.lazy().with_columns(_keys_of_grants()).sort(SPENT_FIRST, nulls_last=True).with_columns(_ranks())
    return ranked.select("account", "granted_at", "expires_at", "choice", "rank", "room", "only")


def _leave_room(ranked: pl.DataFrame, events: pl.DataFrame) -> pl.LazyFrame:
    """``ranked`` with the room that rows leave which name their grant."""
    named = events.lazy().group_by(choice="grant_row").agg(named=pl.col("spend").sum())
    room = pl.col("room") - pl.col("named").fill_null(0.0)
    return ranked.lazy().join(named, on="choice", how="left", maintain_order="left").with_columns(room=room)


SPENT_FIRST = ("account", "expires_at", "granted_at", "grant_id")
"""The order in which an account's grants are spent."""


@cache
def _keys_of_grants() -> tuple[pl.Expr, ...]:
    return (
        pl.col("account_id").hash(seed=0).alias("account"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("choice"),
    )


@cache
def _ranks() -> tuple[pl.Expr, ...]:
    return (
        pl.int_range(pl.len()).over("account").alias("rank"),
        pl.col("credits").alias("room"),
        pl.col("category").alias("only"),
    )


def _offer(waiting: pl.LazyFrame, offered: pl.DataFrame) -> pl.LazyFrame:
    """Who waits, with the grant offered to its account and whether it is ``taken``."""
    return waiting.join(offered.lazy(), on="account", how="left", maintain_order="left").with_columns(_taken())


@cache
def _taken() -> pl.Expr:
    """Whether the grant is open, and what was open to it before leaves room."""
    begun = pl.col("granted_at") <= pl.col("occurred_at")
    live = pl.col("expires_at").is_null() | (pl.col("occurred_at") < pl.col("expires_at"))
    fits = pl.col("only").is_null() | (pl.col("only") == pl.col("category"))
    is_open = begun & live & fits
    could = pl.when(is_open).then("spend").otherwise(0.0)
    before = could.cum_sum().over("account") - could
    return (is_open & (before < pl.col("room"))).fill_null(value=False).alias("taken")


def _with_spending(events: pl.LazyFrame, grants: pl.DataFrame) -> pl.LazyFrame:
    size = pl.lit(grants["credits"]).gather(pl.col("grant_row"))
    drawn, spent = _drawn()
    return events.with_columns(_promo()).with_columns(drawn, grant_share=spent / size)


@cache
def _promo() -> pl.Expr:
    return pl.when(pl.col("charged_to").is_not_null()).then("spend").otherwise(0.0).alias("promo_credits")


@cache
def _drawn() -> tuple[pl.Expr, pl.Expr]:
    """What the credits were worth, and what of the grant was spent by then."""
    multiplier = pl.col("category").replace_strict(MULTIPLIERS, default=1.0, return_dtype=pl.Float64)
    promo = pl.col("promo_credits")
    return (promo * multiplier).alias("promo_value"), promo.cum_sum().over("grant_row")


def with_balance(events: pl.LazyFrame, grants: pl.DataFrame) -> pl.LazyFrame:
    """Events with ``granted``, ``left_share``, ``dry_at`` and ``runs_dry``, each as of the event.

    ``left_share`` is what the account still had of all that it was given, lapsed grants counting as gone;
    ``dry_at`` is when the grants ran dry, null while something was left.
    """
    owned = grants.lazy().with_columns(_keys_of_grants()[0])
    given = owned.sort("account", "granted_at").select("account", "granted_at", _granted())
    lapses = has_any(grants["expires_at"])
    if lapses:  # what they spent is read of the events as well: not to be reckoned twice
        charged = run(events).lazy()
        events = _latest(charged, _lapsed(charged, owned), "expires_at")
    known = _latest(events, given, "granted_at")
    return known.with_columns(_left_share(lapses=lapses)).with_columns(_runs_dry()).with_columns(_dry_at())


@cache
def _granted() -> pl.Expr:
    return pl.col("credits").cum_sum().over("account").alias("granted")


@cache
def _left_share(*, lapses: bool) -> pl.Expr:
    lapsed = pl.col("lapsed").fill_null(0.0) if lapses else 0.0
    spent_by_then = pl.col("promo_credits").cum_sum().over("account")
    left = pl.col("granted") - spent_by_then - lapsed
    return (left / pl.col("granted")).clip(0.0, 1.0).alias("left_share")


def _lapsed(events: pl.LazyFrame, owned: pl.LazyFrame) -> pl.LazyFrame:
    """By account, and from when on, how much lapsed unspent."""
    spent = events.group_by("grant_row").agg(spent=pl.col("promo_credits").sum())
    return (
        owned.with_columns(grant_row=pl.int_range(pl.len(), dtype=pl.UInt32))
        .filter(pl.col("expires_at").is_not_null())
        .join(spent, on="grant_row", how="left")
        .sort("account", "expires_at")
        .with_columns(lost=(pl.col("credits") - pl.col("spent").fill_null(0.0)).clip(0.0))
        .select("account", "expires_at", lapsed=pl.col("lost").cum_sum().over("account"))
    )


@cache
def _is_dry() -> pl.Expr:
    return pl.col("left_share") <= 1.0 - DRAINED


@cache
def _runs_dry() -> pl.Expr:
    was_dry = pl.when(pl.col("position") > 1).then(_is_dry().shift(1)).fill_null(value=False)
    begins = (_is_dry() & (pl.col("promo_credits") > 0) & ~was_dry).fill_null(value=False)
    return begins.alias("runs_dry")


@cache
def _dry_at() -> pl.Expr:
    # Carried forward over all events at once; what was carried in from the account before is not this one's.
    since = pl.when("runs_dry").then("row").forward_fill()
    began = pl.when("runs_dry").then("occurred_at").forward_fill()
    is_own = pl.col("row") - since < pl.col("position")
    return pl.when(_is_dry() & is_own).then(began).alias("dry_at")


def _latest(events: pl.LazyFrame, known: pl.LazyFrame, moment: str) -> pl.LazyFrame:
    return events.join_asof(
        known, left_on="occurred_at", right_on=moment, by="account", strategy="backward", check_sortedness=False
    ).drop(moment)
