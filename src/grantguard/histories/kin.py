"""Accounts that share an uncommon value, pair by pair, as of a moment."""

from __future__ import annotations

from functools import cache

import polars as pl

from grantguard.contract import TIME
from grantguard.histories.crowds import count_everybody
from grantguard.histories.keys import run
from grantguard.histories.links import VALUE
from grantguard.histories.ties import Sharing
from grantguard.histories.unlikely import RUSH

FEW = {
    "device": 200,
    "payment": 200,
    "email": 200,
    "address": 40,
    "template": 40,
    "organization": 40,
    "referral": 100,
    "prompt": 40,
    "prefix": 200,
}
"""Up to how many accounts may show a value of each kind before it is a hub, which makes nobody kin."""

COMMON, LEAST_CROWD = 0.02, 8
"""A value that more than this share of all accounts had shown is common, unless they are this few."""

STRENGTH = {
    "payment": 1.0,
    "email": 1.0,
    "device": 1.0,
    "template": 0.6,
    "referral": 0.5,
    "address": 0.5,
    "organization": 0.3,
    "prompt": 0.0,
    "prefix": 0.0,
}
"""What sharing a value with one other account alone says, from 0 to 1; more holders say less of each pair."""

SCRIPT, ROOM = ("template", "prompt"), ("address", "prefix")
"""Kinds that say "the same script" and "the same room": a class shares both, a farm's exits share the script alone."""

HARD = ("payment", "email", "device")
"""Kinds that only one hand shares; the others are what classes, offices and friends share too."""

PAIR = pl.Schema(
    {
        "subject": pl.UInt32(),
        "account_id": pl.String(),
        "at": TIME,
        "other": pl.String(),
        "strength": pl.Float64(),
        "machine": pl.Boolean(),
        "script": pl.Boolean(),
        "room": pl.Boolean(),
        "apart": pl.Boolean(),
        "hours_apart": pl.Float64(),
        "drained": pl.Boolean(),
        "drains": pl.Boolean(),
        "rushed": pl.Boolean(),
        "rushes": pl.Boolean(),
        "paid": pl.Boolean(),
        "cycle_gap": pl.Float64(),
        "close": pl.Boolean(),
        "one_hand": pl.Boolean(),
        "classmate": pl.Boolean(),
        "harvests": pl.Boolean(),
        "hurries": pl.Boolean(),
    }
)
"""A pair of kin."""

NO_PAIRS = PAIR.to_frame()
"""To make an empty frame takes longer than to give one that is at hand."""

LINK = pl.Schema(
    {
        "subject": pl.UInt32(),
        "other": pl.String(),
        "kind": pl.String(),
        "account_id": pl.String(),
        "at": TIME,
        "said": pl.Float64(),
        "holders": pl.Int64(),
    }
)
"""A kind of value that two accounts share."""

NO_LINKS = LINK.to_frame()

CLOSE = 0.75
"""The joint strength of shared values from which two accounts are close kin."""

CLASS, TOGETHER = 8, 72
"""Others of its room, opened within so many hours of it, that make a class: many hands share its machines."""

CAMPAIGN = 14 * 24
"""Hours within which a hand opens the accounts of one campaign: a public script finds its users all the year."""

SOFT_AT_MOST = 0.6
"""What the other kinds say together at most: a class has its room and its exercise in common, and no more."""


def pair_kin(
    sharing: Sharing, crowds: pl.DataFrame, asked: pl.DataFrame, marks: pl.DataFrame, guests: pl.DataFrame
) -> pl.LazyFrame:
    """One row a subject and other account, with the columns of ``views.Kin``.

    Two guests of one expected burst (``bursts.let_in``) have its room in common, which says nothing of a pair.
    """
    links = find_links(sharing, crowds, asked, guests)
    if links.is_empty():
        return NO_PAIRS.lazy()
    placed = sharing.shown["subject"].filter(sharing.shown["kind"] == "address")
    apart = ~pl.col("room") & pl.col("subject").is_in(placed.implode())
    return _with_lives(tell_strength(links.lazy()).with_columns(apart=apart), marks)


def tell_strength(links: pl.LazyFrame) -> pl.LazyFrame:
    """One row a subject and other account, with ``strength`` and whether they share ``machine, script, room``.

    ``strength`` adds the kinds shared, each by its holders' number n as ``2 / log2(2 + n)``, soft kinds to a cap.
    """
    return links.group_by("subject", "other").agg(_strength())


@cache
def _strength() -> tuple[pl.Expr, ...]:
    kind, said = pl.col("kind"), pl.col("said")
    hard = kind.is_in(HARD)
    told = {
        "machine": (kind == "device").any(),
        "script": kind.is_in(SCRIPT).any(),
        "room": kind.is_in(ROOM).any(),
        "strength": said.filter(hard).sum() + said.filter(~hard).sum().clip(0, SOFT_AT_MOST),
    }
    return pl.col("account_id", "at").first(), *(value.alias(name) for name, value in told.items())


def find_links(sharing: Sharing, crowds: pl.DataFrame, asked: pl.DataFrame, guests: pl.DataFrame) -> pl.DataFrame:
    """One row a subject, other account and kind of value that both had shown, with ``holders`` and ``said``.

    ``said`` is what the kind says of the pair: its strength, the less the more accounts hold the value.
    """
    if sharing.held.is_empty():
        return NO_LINKS
    own = _find_few(sharing.shown, crowds, asked)
    if own.is_empty():
        return NO_LINKS
    said = _pair_up(own, sharing.held).with_columns(_said())
    if guests.height:
        said = _hush_rooms(run(said), guests)
    return run(said.group_by("subject", "other", "kind").agg(_best()))


@cache
def _said() -> pl.Expr:
    said = pl.col("kind").replace_strict(STRENGTH, return_dtype=pl.Float64) * 2 / (2 + pl.col("holders")).log(2)
    return pl.when("common").then(0.0).otherwise(said).alias("said")


@cache
def _best() -> tuple[pl.Expr, ...]:
    return pl.col("account_id", "at").first(), pl.col("said").max(), pl.col("holders").min()


def _pair_up(own: pl.DataFrame, held: pl.DataFrame) -> pl.LazyFrame:
    """A row a subject, other and uncommon value of both; a common room is told of those who share a script as well."""
    pairs = own.lazy().join(held.lazy().select(_other()), on=VALUE).filter(_is_pair())
    return pairs.filter(_is_told()) if own["common"].any() else pairs


@cache
def _other() -> tuple[pl.Expr, ...]:
    return pl.col(*VALUE), pl.col("account_id").alias("other"), pl.col("seen_at").alias("other_seen_at")


@cache
def _is_pair() -> pl.Expr:
    return (pl.col("account_id") != pl.col("other")) & (pl.col("other_seen_at") <= pl.col("at"))


@cache
def _is_told() -> pl.Expr:
    uncommon = ~pl.col("common")
    return uncommon | (uncommon & pl.col("kind").is_in(SCRIPT)).any().over("subject", "other")


def _hush_rooms(said: pl.DataFrame, guests: pl.DataFrame) -> pl.LazyFrame:
    together = pl.col("kind").is_in(ROOM) & _both_guests(said, guests)
    return said.lazy().with_columns(pl.when(together).then(0.0).otherwise("said").alias("said"))


def _both_guests(pairs: pl.DataFrame, guests: pl.DataFrame) -> pl.Series:
    """Whether the two of each pair had both come to the same burst by then."""
    other = guests.rename({"account_id": "other", "joined_at": "joined_at_other"})
    both = (
        pairs.select("account_id", "other", "at")
        .with_row_index("pair")
        .join(guests, on="account_id")
        .join(other, on=["other", "burst"])
        .filter(pl.max_horizontal("joined_at", "joined_at_other") <= pl.col("at"))
    )
    return pl.int_range(pairs.height, dtype=pl.UInt32, eager=True).is_in(both["pair"].unique().implode())


def _find_few(shown: pl.DataFrame, crowds: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """What few had shown by then, with its ``holders``: few for its kind, and, but for rooms, few of all accounts.

    A room of a large class is ``common`` where the platform is young, and it is a room all the same.
    """
    shared = shown.lazy().filter(_is_shared()).with_columns((pl.col("others") + 1).alias("holders"))
    many = count_everybody(crowds, asked.lazy().select("subject", "at")).select("subject", _many())
    few = shared.filter(_is_few()).join(many, on="subject").with_columns(_is_common())
    return run(few.filter(_says()).select("subject", "account_id", "at", *VALUE, "holders", "common"))


@cache
def _is_shared() -> pl.Expr:
    return (pl.col("others") > 0) & pl.col("kind").is_in(list(FEW))


@cache
def _is_few() -> pl.Expr:
    return pl.col("holders") <= pl.col("kind").replace_strict(FEW, return_dtype=pl.Int64)


@cache
def _many() -> pl.Expr:
    """More holders than so many make a value common."""
    return (pl.col("population") * COMMON).clip(LEAST_CROWD).alias("many")


@cache
def _is_common() -> pl.Expr:
    return (pl.col("holders") > pl.col("many")).alias("common")


@cache
def _says() -> pl.Expr:
    return ~pl.col("common") | pl.col("kind").is_in(ROOM)


def _with_lives(kin: pl.LazyFrame, marks: pl.DataFrame) -> pl.LazyFrame:
    lives = marks.lazy()
    both = kin.join(lives.select(_life()), on="account_id", how="left")
    dated = both.join(lives.select(_life_of_other()), on="other", how="left").select(_pair())
    return dated.with_columns(_closeness()).with_columns(_harvests())


NEAR, MOST_NEAR = 0.3, 8
"""The strength from which another account is company, and of how many, the nearest, that is told."""

DIGITS = 9
"""Digits of a strength that are compared: the last ones of a sum are the machine's, and would decide ties."""

NEAREST = pl.Schema({"account_id": pl.String(), "at": TIME, "other": pl.String(), "strength": pl.Float64()})
"""Whose company an account is in."""

NO_COMPANY = NEAREST.to_frame()


def find_nearest(kin: pl.DataFrame) -> pl.DataFrame:
    """``NEAREST`` of each account and moment in ``kin``, which is what ``pair_kin`` gives."""
    if kin.is_empty():
        return NO_COMPANY
    rounded = kin.lazy().with_columns(pl.col("strength").round(DIGITS))
    near = rounded.filter(pl.col("strength") >= NEAR, ~_is_public())
    ordered = near.sort("subject", "strength", "hours_apart", "other", descending=[False, True, False, False])
    few = ordered.filter(pl.int_range(pl.len()).over("subject") < MOST_NEAR)
    return run(few.select(NEAREST.names()))


@cache
def _is_public() -> pl.Expr:
    """Whether a script that anybody may have found is all that the two have in common, beside what friends have."""
    long_apart = (pl.col("hours_apart") > CAMPAIGN).fill_null(value=False)
    found = pl.col("script") & ~pl.col("room") & long_apart
    return found & (pl.col("strength") <= SOFT_AT_MOST)


LIFE = ("created_at", "first_at", "paid_at", "half_at")
"""Milestones that are read of both of a pair."""


@cache
def _life() -> pl.Expr:
    return pl.col("account_id", *LIFE)


@cache
def _life_of_other() -> tuple[pl.Expr, ...]:
    return pl.col("account_id").alias("other"), *(pl.col(name).alias(f"{name}_other") for name in LIFE)


@cache
def _pair() -> tuple[pl.Expr, ...]:
    """The columns of ``PAIR``."""
    hour = 3_600_000_000
    passed = [
        (pl.col(begins) - pl.col(ends)).dt.total_microseconds() / hour
        for begins, ends in (("first_at", "half_at_other"), ("first_at_other", "half_at"))
    ]
    known = [pl.col(begins) <= pl.col("at") for begins in ("first_at", "first_at_other")]
    gaps = [pl.when(is_known & (gap > 0)).then(gap) for gap, is_known in zip(passed, known, strict=True)]
    told = {
        "hours_apart": (pl.col("created_at") - pl.col("created_at_other")).dt.total_microseconds().abs() / hour,
        "drained": _has_come("half_at_other"),
        "drains": _has_come("half_at"),
        "rushed": _comes_in_a_rush("first_at_other", "half_at_other"),
        "rushes": _comes_in_a_rush("first_at", "half_at"),
        "paid": _has_come("paid_at_other"),
        "cycle_gap": pl.min_horizontal(gaps),
    }
    kept = ("subject", "account_id", "at", "other", "strength", "machine", "script", "room", "apart")
    return pl.col(*kept), *(value.alias(name) for name, value in told.items())


def _has_come(moment: str) -> pl.Expr:
    return (pl.col(moment) <= pl.col("at")).fill_null(value=False)


def _comes_in_a_rush(first: str, half: str) -> pl.Expr:
    return _has_come(half) & (pl.col(half) - pl.col(first) <= RUSH).fill_null(value=False)


@cache
def _closeness() -> tuple[pl.Expr, ...]:
    """How near the two are, as several signals read it."""
    close, room = pl.col("strength") >= CLOSE, pl.col("room")
    # A family has its machine and its home in common, and asks all sorts.
    one_hand = close & (pl.col("script") | pl.col("apart"))
    together = (room & (pl.col("hours_apart") <= TOGETHER)).sum().over("subject")
    classmate = room & (together >= CLASS)
    return close.alias("close"), one_hand.alias("one_hand"), classmate.alias("classmate")


@cache
def _harvests() -> tuple[pl.Expr, ...]:
    """What a ring does, no class."""
    harvests = pl.col("drained") & ~pl.col("paid") & ~pl.col("classmate")
    return harvests.alias("harvests"), (harvests & pl.col("rushed")).alias("hurries")
