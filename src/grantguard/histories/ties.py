"""What an account shares, and with how many, as of a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

import polars as pl

from grantguard.contract import TIME
from grantguard.dated import MILESTONES
from grantguard.histories.crowds import count_alike
from grantguard.histories.keys import as_key, run
from grantguard.histories.links import VALUE, count_up, read_newest
from grantguard.histories.unlikely import USUALLY_DRAIN, tell_doublings

MARKED = {"payers": "paid_at", "drained": "half_at", "settled": "settled_at"}
"""What is counted of the others on a value, by the mark that dates it."""

COUNTED = ("others", *MARKED, "seasoned")
"""All that is counted as of the moment asked about."""

PAIRS_ALONE = ("template", "prompt", "prefix", "organization")
"""Kinds that pairs of kin alone are made of."""

HALF = 0.5
"""The share of all that it was given from which an account counts as drained: who hides leaves a remainder."""

SETTLED = 3
"""The event by which somebody has come to use the product: who comes to a lesson asks more than twice."""

NEVER = pl.lit(None, TIME)
"""A moment that has not come."""

SEEN = pl.col("seen_at") <= pl.col("at")
"""Whether a value had been shown by the moment asked about."""

TIE = pl.struct(VALUE).hash(seed=0).alias("tie")
"""A key of a value."""

IS_HELD = pl.len().over("tie") > 1
"""Whether more than one account ever showed a value."""

NOBODY = (*(pl.lit(0, pl.Int64).alias(name) for name in (*COUNTED, "deleted")), pl.lit(value=False).alias("drains"))
"""All that is told of a value, where nobody else showed it."""

TIME_TO_SETTLE = pl.duration(days=14)
"""How long nobody is idle yet: a class signs up before its first lesson."""


def mark_accounts(accounts: pl.DataFrame, events: pl.DataFrame, billing: pl.DataFrame) -> pl.LazyFrame:
    """One row an account: when it opened, first acted, settled in, had spent half, first paid and was deleted."""
    acted = events.lazy().group_by("account").agg(_acted()).drop("account")
    marks = accounts.lazy().select("account_id", "created_at", "deleted_at")
    marks = marks.join(acted, on="account_id", how="full", coalesce=True)
    if billing.is_empty():
        return marks.with_columns(NEVER.alias("paid_at")).select(MILESTONES.names())
    paid = billing.lazy().group_by("account_id").agg(_paid())
    return marks.join(paid, on="account_id", how="full", coalesce=True).select(MILESTONES.names())


@cache
def _acted() -> tuple[pl.Expr, ...]:
    """What events tell of an account's milestones."""
    when = pl.col("occurred_at")
    half_gone = pl.col("promo_credits").cum_sum() >= HALF * pl.col("granted")
    return (
        pl.col("account_id").first(),
        when.min().alias("first_at"),
        when.filter(half_gone).min().alias("half_at"),
        when.filter(pl.col("position") == SETTLED).min().alias("settled_at"),
    )


@cache
def _paid() -> pl.Expr:
    return pl.col("occurred_at").filter(pl.col("kind") == "payment").min().alias("paid_at")


@dataclass(frozen=True)
class Sharing:
    """What is shared by those asked about.

    ``shown`` has a row a subject and value that it had shown by then, with how many of the *other* accounts on it are
    what ``COUNTED`` and ``deleted`` name; ``held`` the facts of the values among them that more than one account ever
    showed, each value with its ``tie``, a key.
    """

    shown: pl.DataFrame
    held: pl.DataFrame

    @classmethod
    def of(cls, facts: pl.DataFrame, asked: pl.DataFrame, marks: pl.DataFrame) -> Sharing:
        """Of ``asked`` (``subject, account_id, at``); ``marks`` is what ``mark_accounts`` gives."""
        shown = _find_shown(facts, asked)
        held = _find_held(facts, shown)
        return cls(_count_holders(held, shown, marks), held)

    @classmethod
    def counted(cls, facts: pl.DataFrame, asked: pl.DataFrame) -> Sharing:
        """The same, where of the others no more is told than how many they are: all that makes kin."""
        shown = _find_shown(facts, asked)
        held = _find_held(facts, shown)
        holders = count_up(held.lazy().select("tie", when="seen_at"), ["tie"])
        others = (pl.col("n") - 1).fill_null(0).alias("others")
        return cls(run(read_newest(holders, shown.lazy().with_columns(TIE), ["tie"]).with_columns(others)), held)


def _find_shown(facts: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    return run(facts.lazy().join(asked.lazy(), on="account_id").filter(SEEN))


def _find_held(facts: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    tied = facts.lazy().join(shown.lazy().select(VALUE), on=VALUE, how="semi").with_columns(TIE)
    return run(tied.filter(IS_HELD))


def _count_holders(held: pl.DataFrame, shown: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    if held.is_empty():
        return shown.with_columns(NOBODY)
    lives = marks.lazy().select("account_id", "created_at", "deleted_at", *MARKED.values())
    dated = held.lazy().join(lives, on="account_id", how="left")
    asked = shown.lazy().join(lives, on="account_id", how="left").with_columns(TIE)
    counted = _read_counts(dated, asked, shown["at"]).with_columns(_without_itself())
    return run(_with_deleted(counted, held, marks).drop("tie", "created_at", "deleted_at", *MARKED.values()))


@cache
def _without_itself() -> tuple[pl.Expr, ...]:
    """How many were counted, less the account itself where it is one of them; whether it drained, too.

    It had shown the value by then: what is asked of it is whether it had paid, drained, settled or seasoned.
    """
    come = {**{name: pl.col(moment) for name, moment in MARKED.items()}, "seasoned": pl.col("seen_at") + TIME_TO_SETTLE}
    is_one = {name: (moment <= pl.col("at")).fill_null(value=False) for name, moment in come.items()}
    less = {"others": pl.lit(1, pl.Int64), **{name: one.cast(pl.Int64) for name, one in is_one.items()}}
    others = ((pl.col(name) - one).fill_null(0).alias(name) for name, one in less.items())
    return (*others, is_one["drained"].alias("drains"))


@cache
def _moments() -> dict[str, pl.Expr]:
    """From when on an account that showed a value is counted, for each of ``COUNTED``."""
    seen = pl.col("seen_at")
    marked = {
        name: pl.when(pl.col(moment).is_not_null()).then(pl.max_horizontal(seen, moment))
        for name, moment in MARKED.items()
    }
    return {"others": seen, **marked, "seasoned": seen + TIME_TO_SETTLE}


def _read_counts(dated: pl.LazyFrame, asked: pl.LazyFrame, moments: pl.Series) -> pl.LazyFrame:
    """``asked`` with each of ``COUNTED`` by its moment, whoever asks counted too."""
    if moments.min() == moments.max():  # nothing has to be put in order, and what many share is what takes long
        return asked.join(dated.group_by("tie").agg(_count_by(moments[0])), on="tie", how="left")
    return read_newest(_count_moments(dated), asked, ["tie"])


def _count_by(at: datetime) -> tuple[pl.Expr, ...]:
    return tuple((come <= at).sum().cast(pl.Int64).alias(name) for name, come in _moments().items())


def _count_moments(dated: pl.LazyFrame) -> pl.LazyFrame:
    """``tie``, ``when`` and each of ``COUNTED``, by time: how many there were by then."""
    moments = dated.select("tie", **_moments()).unpivot(index="tie", variable_name="counted", value_name="when")
    ordered = moments.filter(pl.col("when").is_not_null()).sort("when")
    counts = {name: (pl.col("counted") == name).cast(pl.Int64).cum_sum().over("tie") for name in COUNTED}
    return ordered.select("tie", "when", **counts)


def _with_deleted(counted: pl.LazyFrame, held: pl.DataFrame, marks: pl.DataFrame) -> pl.LazyFrame:
    """The holders that were drained and then deleted, in the 30 days before the account was opened."""
    is_gone = (marks["half_at"] <= marks["deleted_at"]).fill_null(value=False)
    if not is_gone.any():
        return counted.with_columns(deleted=pl.lit(0, pl.Int64))
    gone = marks.select("account_id", "deleted_at").filter(is_gone)
    lost = run(held.lazy().join(gone.lazy(), on="account_id").select("tie", "deleted_at"))
    # Who was deleted counts from then on, and for thirty days.
    leaves = lost.lazy().select("tie", when="deleted_at", step=pl.lit(1, pl.Int64))
    ends = lost.lazy().select("tie", when=pl.col("deleted_at") + pl.duration(days=30), step=pl.lit(-1, pl.Int64))
    steps = pl.concat([leaves, ends]).sort("when").select("tie", "when", deleted=pl.col("step").cum_sum().over("tie"))
    opened = counted.with_columns(opened=pl.min_horizontal("created_at", "at"))
    found = read_newest(steps, opened, ["tie"], "opened").drop("opened")
    return found.with_columns(pl.col("deleted").fill_null(0))


def prepare_ties(sharing: Sharing, likenesses: pl.DataFrame, crowds: pl.DataFrame) -> pl.LazyFrame:
    """One row a subject and value shown by then, with the columns of ``views.Ties`` that ``weigh_ties`` reads.

    ``crowds`` is what ``count_crowds`` gives.
    """
    ties = sharing.shown.lazy().filter(_is_tie()).select("subject", *VALUE, *COUNTED, "deleted", "drains", _brought())
    chances = _find_chances(sharing.shown, likenesses, crowds)
    if chances is None:
        return ties.with_columns(expected=pl.lit(None, pl.Float64))
    return ties.join(chances, on=["subject", *VALUE], how="left")


@cache
def _is_tie() -> pl.Expr:
    return ~pl.col("kind").is_in(PAIRS_ALONE)


@cache
def _brought() -> pl.Expr:
    return ((pl.col("kind") == "referral") & (pl.col("value") == as_key("account_id"))).alias("brought")


def weigh_ties(ties: pl.LazyFrame) -> pl.LazyFrame:
    """``ties`` with what the counted weigh: the columns of ``views.Ties`` that several signals read."""
    return ties.with_columns(_weights())


@cache
def _weights() -> tuple[pl.Expr, ...]:
    others, drained = pl.col("others"), pl.col("drained")
    size, draining = others + 1, drained + pl.col("drains")
    holders = others.clip(1)
    never_paid = (1 - pl.col("payers") / holders) ** 2
    idle = (pl.col("seasoned") - pl.col("settled")).clip(0)
    return (
        (others * never_paid).alias("unpaid"),
        (tell_doublings(draining / size, USUALLY_DRAIN, size) * never_paid).alias("surprise"),
        (idle**3 / holders**2 * never_paid).alias("idle"),
        ((1 + drained) / (1 + pl.col("expected"))).log(2).alias("beyond_chance"),
    )


def _find_chances(shown: pl.DataFrame, likenesses: pl.DataFrame, crowds: pl.DataFrame) -> pl.LazyFrame | None:
    """Beside accounts of one opening bin that are alike: how many chance would bring.

    With n accounts in the population, f of this likeness and h of this opening bin, chance brings f h / n.
    """
    if likenesses.is_empty():
        return None
    named = likenesses.lazy().filter(pl.col("bin").is_not_null()).select(*VALUE, "likeness", "bin").unique(VALUE)
    asked = run(shown.lazy().select("subject", *VALUE, "at").join(named, on=VALUE).with_row_index("row")).lazy()
    return count_alike(crowds, asked).select("subject", *VALUE, _expected())


@cache
def _expected() -> pl.Expr:
    alike, opened, all_of_them = (pl.col(name) for name in ("of_likeness", "of_bin", "of_all"))
    return ((alike - 1) * (opened - 1) / (all_of_them - 1).clip(1)).alias("expected")
