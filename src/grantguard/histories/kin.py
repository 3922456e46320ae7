"""Accounts that share an uncommon value, pair by pair, as of a moment."""

from __future__ import annotations

import polars as pl

from grantguard.dated import ANYONE
from grantguard.histories.crowds import count_crowd
from grantguard.histories.links import VALUE, count_by

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

SOFT_AT_MOST = 0.6
"""What the other kinds say together at most: a class has its room and its exercise in common, and no more."""


def pair_kin(
    facts: pl.DataFrame, crowds: pl.DataFrame, asked: pl.DataFrame, marks: pl.DataFrame, guests: pl.DataFrame
) -> pl.DataFrame:
    """One row a subject and other account, with the columns of ``views.Kin``.

    ``strength`` adds the kinds shared, each by its holders' number n as ``2 / log2(2 + n)``, soft kinds to a cap.
    Two guests of one expected burst (``bursts.let_in``) have its room in common, which says nothing of a pair.
    """
    links = find_links(facts, crowds, asked, guests)
    hard = pl.col("kind").is_in(HARD)
    soft = pl.col("said").filter(~hard).sum()
    kin = links.group_by("subject", "account_id", "at", "other").agg(
        script=pl.col("kind").is_in(SCRIPT).any(),
        room=pl.col("kind").is_in(ROOM).any(),
        strength=pl.col("said").filter(hard).sum() + soft.clip(0, SOFT_AT_MOST),
    )
    return _with_lives(kin, marks).sort("subject", "other")


def find_links(facts: pl.DataFrame, crowds: pl.DataFrame, asked: pl.DataFrame, guests: pl.DataFrame) -> pl.DataFrame:
    """One row a subject, other account and kind of value that both had shown, with ``holders`` and ``said``.

    ``said`` is what the kind says of the pair: its strength, the less the more accounts hold the value.
    """
    own = _uncommon(facts, crowds, facts.join(asked, on="account_id").filter(pl.col("seen_at") <= pl.col("at")))
    held = facts.join(own.select(VALUE).unique(), on=VALUE, how="semi")
    pairs = own.join(held, on=VALUE, suffix="_other").filter(
        pl.col("account_id") != pl.col("account_id_other"), pl.col("seen_at_other") <= pl.col("at")
    )
    together = pl.col("kind").is_in(ROOM) & _both_guests(pairs, guests)
    said = pl.col("kind").replace_strict(STRENGTH, return_dtype=pl.Float64) * 2 / (2 + pl.col("holders")).log(2)
    return (
        pairs.with_columns(said=pl.when(together).then(0.0).otherwise(said))
        .group_by("subject", "account_id", "at", other="account_id_other", kind="kind")
        .agg(pl.col("said").max(), pl.col("holders").min())
    )


def _both_guests(pairs: pl.DataFrame, guests: pl.DataFrame) -> pl.Series:
    """Whether the two of each pair had both come to the same burst by then."""
    other = guests.rename({"account_id": "account_id_other", "joined_at": "joined_at_other"})
    both = (
        pairs.select("account_id", "account_id_other", "at")
        .with_row_index("pair")
        .join(guests, on="account_id")
        .join(other, on=["account_id_other", "burst"])
        .filter(pl.max_horizontal("joined_at", "joined_at_other") <= pl.col("at"))
    )
    return pl.int_range(pairs.height, dtype=pl.UInt32, eager=True).is_in(both["pair"].unique().implode())


def _uncommon(facts: pl.DataFrame, crowds: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """The subjects' facts whose value few had shown by then: few for its kind, and few of all accounts."""
    limit = pl.col("kind").replace_strict(FEW, default=0, return_dtype=pl.Int64)
    typed = own.filter(limit > 0)
    counted = count_by(facts.with_columns(when="seen_at"), typed, VALUE, "holders")
    arrived = count_crowd(crowds, counted.select("at", kind=pl.lit(ANYONE)), "population")
    common = (arrived["population"] * COMMON).clip(LEAST_CROWD)
    few = pl.col("holders") <= pl.min_horizontal(limit, common)
    return counted.filter(pl.col("holders") > 1, few)


def _with_lives(kin: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    life = marks.select("account_id", "created_at", "first_at", "paid_at", "half_at")
    both = kin.join(life, on="account_id", how="left").join(
        life.rename({name: f"{name}_other" for name in life.columns}),
        left_on="other",
        right_on="account_id_other",
        how="left",
    )
    hour = 3_600_000_000
    passed = [
        (pl.col(begins) - pl.col(ends)).dt.total_microseconds() / hour
        for begins, ends in (("first_at", "half_at_other"), ("first_at_other", "half_at"))
    ]
    known = [pl.col(begins) <= pl.col("at") for begins in ("first_at", "first_at_other")]
    gaps = [pl.when(is_known & (gap > 0)).then(gap) for gap, is_known in zip(passed, known, strict=True)]
    apart = (pl.col("created_at") - pl.col("created_at_other")).dt.total_microseconds().abs() / hour
    return both.select(
        *("subject", "account_id", "at", "other", "strength", "script", "room"),
        hours_apart=apart,
        drained=(pl.col("half_at_other") <= pl.col("at")).fill_null(value=False),
        paid=(pl.col("paid_at_other") <= pl.col("at")).fill_null(value=False),
        cycle_gap=pl.min_horizontal(gaps),
    )
