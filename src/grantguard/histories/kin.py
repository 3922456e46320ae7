"""Accounts that share an uncommon value, pair by pair, as of a moment."""

from __future__ import annotations

import polars as pl

from grantguard.contract import TIME
from grantguard.histories.crowds import count_everybody
from grantguard.histories.keys import run
from grantguard.histories.links import VALUE
from grantguard.histories.ties import Sharing

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
        "paid": pl.Boolean(),
        "cycle_gap": pl.Float64(),
    }
)
"""A pair of kin."""

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

SOFT_AT_MOST = 0.6
"""What the other kinds say together at most: a class has its room and its exercise in common, and no more."""


def pair_kin(
    sharing: Sharing, crowds: pl.DataFrame, asked: pl.DataFrame, marks: pl.DataFrame, guests: pl.DataFrame
) -> pl.DataFrame:
    """One row a subject and other account, with the columns of ``views.Kin``.

    ``strength`` adds the kinds shared, each by its holders' number n as ``2 / log2(2 + n)``, soft kinds to a cap.
    Two guests of one expected burst (``bursts.let_in``) have its room in common, which says nothing of a pair.
    """
    links = find_links(sharing, crowds, asked, guests)
    if links.is_empty():
        return PAIR.to_frame()
    hard = pl.col("kind").is_in(HARD)
    soft = pl.col("said").filter(~hard).sum()
    placed = sharing.shown.filter(pl.col("kind") == "address")["subject"].unique()
    kin = (
        links.lazy()
        .group_by("subject", "other")
        .agg(
            pl.col("account_id", "at").first(),
            machine=(pl.col("kind") == "device").any(),
            script=pl.col("kind").is_in(SCRIPT).any(),
            room=pl.col("kind").is_in(ROOM).any(),
            strength=pl.col("said").filter(hard).sum() + soft.clip(0, SOFT_AT_MOST),
        )
        .with_columns(apart=~pl.col("room") & pl.col("subject").is_in(placed.implode()))
    )
    return run(_with_lives(kin, marks))


def find_links(sharing: Sharing, crowds: pl.DataFrame, asked: pl.DataFrame, guests: pl.DataFrame) -> pl.DataFrame:
    """One row a subject, other account and kind of value that both had shown, with ``holders`` and ``said``.

    ``said`` is what the kind says of the pair: its strength, the less the more accounts hold the value.
    """
    if sharing.held.is_empty():
        return LINK.to_frame()
    own = _find_few(sharing.shown, crowds, asked)
    if own.is_empty():
        return LINK.to_frame()
    pairs = run(_pair_up(own, sharing.held))
    said = pl.col("kind").replace_strict(STRENGTH, return_dtype=pl.Float64) * 2 / (2 + pl.col("holders")).log(2)
    said = pl.when("common").then(0.0).otherwise(said)
    if guests.height:
        together = pl.col("kind").is_in(ROOM) & _both_guests(pairs, guests)
        said = pl.when(together).then(0.0).otherwise(said)
    best = pairs.lazy().with_columns(said=said).group_by("subject", "other", "kind")
    return run(best.agg(pl.col("account_id", "at").first(), pl.col("said").max(), pl.col("holders").min()))


def _pair_up(own: pl.DataFrame, held: pl.DataFrame) -> pl.LazyFrame:
    """A row a subject, other and uncommon value of both; a common room is told of those who share a script as well."""
    other = held.lazy().select(*VALUE, other="account_id", other_seen_at="seen_at")
    both = own.lazy().join(other, on=VALUE)
    pairs = both.filter(pl.col("account_id") != pl.col("other"), pl.col("other_seen_at") <= pl.col("at"))
    uncommon = pairs.filter(~pl.col("common"))
    scripted = uncommon.filter(pl.col("kind").is_in(SCRIPT)).select("subject", "other").unique()
    return pl.concat([uncommon, pairs.filter("common").join(scripted, on=["subject", "other"], how="semi")])


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
    shared = shown.lazy().filter(pl.col("others") > 0, pl.col("kind").is_in(list(FEW)))
    many = count_everybody(crowds, asked.lazy().select("subject", "at")).select(
        "subject", many=(pl.col("population") * COMMON).clip(LEAST_CROWD)
    )
    holders = pl.col("others") + 1
    return run(
        shared.join(many, on="subject")
        .filter(holders <= pl.col("kind").replace_strict(FEW, return_dtype=pl.Int64))
        .select("subject", "account_id", "at", *VALUE, holders=holders, common=holders > pl.col("many"))
        .filter(~pl.col("common") | pl.col("kind").is_in(ROOM))
    )


def _with_lives(kin: pl.LazyFrame, marks: pl.DataFrame) -> pl.LazyFrame:
    life = marks.lazy().select("account_id", "created_at", "first_at", "paid_at", "half_at")
    theirs = life.rename(lambda name: "other" if name == "account_id" else f"{name}_other")
    both = kin.join(life, on="account_id", how="left").join(theirs, on="other", how="left")
    hour = 3_600_000_000
    passed = [
        (pl.col(begins) - pl.col(ends)).dt.total_microseconds() / hour
        for begins, ends in (("first_at", "half_at_other"), ("first_at_other", "half_at"))
    ]
    known = [pl.col(begins) <= pl.col("at") for begins in ("first_at", "first_at_other")]
    gaps = [pl.when(is_known & (gap > 0)).then(gap) for gap, is_known in zip(passed, known, strict=True)]
    apart = (pl.col("created_at") - pl.col("created_at_other")).dt.total_microseconds().abs() / hour
    return both.select(
        *("subject", "account_id", "at", "other", "strength", "machine", "script", "room", "apart"),
        hours_apart=apart,
        drained=(pl.col("half_at_other") <= pl.col("at")).fill_null(value=False),
        drains=(pl.col("half_at") <= pl.col("at")).fill_null(value=False),
        paid=(pl.col("paid_at_other") <= pl.col("at")).fill_null(value=False),
        cycle_gap=pl.min_horizontal(gaps),
    )
