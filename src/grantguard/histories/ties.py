"""What an account shares, and with how many, as of a moment."""

from __future__ import annotations

import polars as pl

from grantguard.dated import MILESTONES
from grantguard.histories.crowds import count_crowd
from grantguard.histories.links import VALUE, count_by

COUNTED = {"payers": "paid_at", "drained": "half_at", "settled": "settled_at"}
"""What is counted of the others on a value, by the mark that dates it."""

HALF = 0.5
"""The share of all that it was given from which an account counts as drained: who hides leaves a remainder."""

SETTLED = 3
"""The event by which somebody has come to use the product: who comes to a lesson asks more than twice."""

TIME_TO_SETTLE = 3
"""Days within which nobody is idle yet: a class has just sat down."""


def mark_accounts(accounts: pl.DataFrame, events: pl.DataFrame, billing: pl.DataFrame) -> pl.DataFrame:
    """One row an account: when it opened, first acted, settled in, had spent half, first paid and was deleted."""
    known = pl.concat([accounts["account_id"], events["account_id"], billing["account_id"]]).unique()
    half_gone = pl.col("promo_credits").cum_sum() >= HALF * pl.col("granted")
    acted = events.group_by("account_id", maintain_order=True).agg(
        first_at=pl.col("occurred_at").min(),
        half_at=pl.col("occurred_at").filter(half_gone).min(),
        settled_at=pl.col("occurred_at").filter(pl.col("position") == SETTLED).min(),
    )
    paid = billing.filter(pl.col("kind") == "payment").group_by("account_id").agg(paid_at=pl.col("occurred_at").min())
    return (
        known.to_frame()
        .join(accounts.select("account_id", "created_at", "deleted_at"), on="account_id", how="left")
        .join(acted, on="account_id", how="left")
        .join(paid, on="account_id", how="left")
        .select(MILESTONES.names())
    )


def prepare_ties(
    facts: pl.DataFrame, likenesses: pl.DataFrame, crowds: pl.DataFrame, asked: pl.DataFrame, marks: pl.DataFrame
) -> pl.DataFrame:
    """One row a subject and value shown by then, with the columns of ``views.Ties``.

    ``asked`` has ``subject``, ``account_id`` and ``at``; ``marks`` is what ``mark_accounts`` gives, ``crowds``
    what ``count_crowds`` does.
    """
    own = facts.join(asked, on="account_id").filter(pl.col("seen_at") <= pl.col("at"))
    shared = facts.group_by(VALUE).agg(pl.len()).filter(pl.col("len") > 1).select(VALUE)
    alone = own.join(shared, on=VALUE, how="anti").with_columns(
        others=pl.lit(0, pl.Int64), **{name: pl.lit(0, pl.Int64) for name in (*COUNTED, "seasoned", "deleted")}
    )
    together = _count_others(facts.join(shared, on=VALUE, how="semi"), own.join(shared, on=VALUE, how="semi"), marks)
    ties = pl.concat([together.select(alone.columns), alone])
    return _with_chance(ties, likenesses, crowds).sort("subject", *VALUE)


def _count_others(facts: pl.DataFrame, own: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """Counts of the *other* accounts on each value: all, of ``COUNTED``, seasoned, and lately deleted."""
    dated = facts.join(marks, on="account_id", how="left")
    counted = own.join(marks.select("account_id", "created_at", *COUNTED.values()), on="account_id", how="left")
    counted = count_by(dated.with_columns(when="seen_at"), counted, VALUE, "others")
    for name, moment in COUNTED.items():
        when = pl.when(pl.col(moment).is_not_null()).then(pl.max_horizontal("seen_at", moment))
        counted = count_by(dated.with_columns(when=when), counted, VALUE, name)
        itself = (pl.max_horizontal("seen_at", moment) <= pl.col("at")) & pl.col(moment).is_not_null()
        counted = counted.with_columns(pl.col(name) - itself.cast(pl.Int64))
    counted = _count_seasoned(dated, counted)
    return _count_deleted(dated, counted.with_columns(pl.col("others") - 1))


def _count_seasoned(dated: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """The others that had shown the value ``TIME_TO_SETTLE`` days before each moment."""
    earlier = pl.col("at") - pl.duration(days=TIME_TO_SETTLE)
    asked = counted.with_columns(true_at="at", at=earlier)
    found = count_by(dated.with_columns(when="seen_at"), asked, VALUE, "seasoned")
    itself = (pl.col("seen_at") <= pl.col("at")).cast(pl.Int64)
    return found.with_columns(pl.col("seasoned") - itself).with_columns(at="true_at").drop("true_at")


def _count_deleted(dated: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    gone = dated.filter(pl.col("deleted_at").is_not_null()).with_columns(when="deleted_at")
    if gone.is_empty():
        return counted.with_columns(deleted=pl.lit(0, pl.Int64))
    opened = pl.min_horizontal("created_at", "at")
    before = {"by_opening": opened, "by_month_before": opened - pl.duration(days=30)}
    for name, moment in before.items():
        asked = counted.with_columns(true_at="at", at=moment)
        asked = asked.with_columns(pl.col("at").fill_null(pl.col("true_at")))
        counted = count_by(gone, asked, VALUE, name).with_columns(at="true_at").drop("true_at")
    return counted.with_columns(deleted=pl.col("by_opening") - pl.col("by_month_before")).drop(*before)


def _with_chance(ties: pl.DataFrame, likenesses: pl.DataFrame, crowds: pl.DataFrame) -> pl.DataFrame:
    """Accounts of one opening bin that are alike, beside how many chance would bring.

    With n accounts in the population, f of this likeness and h of this opening bin, chance brings f h / n.
    """
    named = likenesses.filter(pl.col("bin").is_not_null()).select(*VALUE, "likeness", "bin").unique(VALUE)
    asked = ties.select("subject", *VALUE, "at").join(named, on=VALUE)
    for name, shared in (("f", ["likeness"]), ("h", ["bin"]), ("n", [])):
        asked = count_crowd(crowds, asked, name, *shared)
    fraction = (pl.col("f") - 1) * (pl.col("h") - 1) / (pl.col("n") - 1).clip(1)
    expected = asked.select("subject", *VALUE, expected=fraction)
    return ties.join(expected, on=["subject", *VALUE], how="left").select(
        "subject", *VALUE, "others", *COUNTED, "seasoned", "deleted", "expected"
    )
