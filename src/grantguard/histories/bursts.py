"""Expected bursts: who came to a hackathon or class that was registered beforehand, read against its own members.

A room full of people who begin in one hour, at one address, with one exercise, is what was announced. For them
the counts of a shared address and of like beginnings are lessened by what is typical among the members: the room
says nothing, and a farm that hides in it is still more alike than the others are.
"""

from __future__ import annotations

import polars as pl

from grantguard.contract import Tables
from grantguard.dated import GUEST
from grantguard.histories.keys import as_key, run
from grantguard.histories.links import VALUE

PLACES = ("address", "prefix")
COHORTS = ("twin_0", "twin_1", "joined_hour_0", "joined_hour_1", "joined_days_0", "joined_days_1")
LESSENED = (*PLACES, *COHORTS)
"""Kinds of link that a burst explains."""

NO_GUESTS = GUEST.to_frame()

ROOM_FOR = 1.5
"""How many times as many as were registered are let in, first come first served: the rest is read as ever."""


def find_guests(tables: Tables, events: pl.DataFrame) -> pl.DataFrame:
    """Who fits which registered burst, named by its campaign, with ``joined_at``: when that could be known.

    Who opened, or was given the campaign's grant, in the window, and whose first network or mail domain is the
    registered one; where neither was registered, whoever was given the campaign's grant in the window.
    """
    if tables.campaigns["expected_from"].null_count() == tables.campaigns.height:
        return NO_GUESTS
    bursts = tables.campaigns.filter(
        pl.col("expected_from").is_not_null(), pl.col("expected_until").is_not_null()
    ).with_columns(burst="campaign")
    came = pl.concat([_opened(tables, bursts), _granted(tables, bursts)])
    inside = came.filter(pl.col("came_at").is_between("expected_from", "expected_until"))
    known = inside.join(_first_networks(events), on="account_id", how="left").join(
        tables.accounts.select("account_id", own_domain=pl.col("email_domain").str.to_lowercase()),
        on="account_id",
        how="left",
    )
    by_network = (as_key("network") == pl.col("own_network")).fill_null(value=False)
    by_domain = (pl.col("email_domain").str.to_lowercase() == pl.col("own_domain")).fill_null(value=False)
    by_grant = pl.col("network").is_null() & pl.col("email_domain").is_null() & pl.col("given")
    fits = known.filter(by_network | by_domain | by_grant).with_columns(
        joined_at=pl.when(by_domain | by_grant).then("came_at").otherwise(pl.max_horizontal("came_at", "network_at"))
    )
    return fits.group_by("account_id", "burst").agg(pl.col("joined_at").min()).select(GUEST.names())


def let_in(guests: pl.DataFrame, campaigns: pl.DataFrame) -> pl.DataFrame:
    """Of all who fit, those whom each burst has room for: first come, first served."""
    if guests.is_empty():
        return guests
    registered = campaigns.select("expected_accounts", burst="campaign")
    place = pl.struct("joined_at", "account_id").rank("ordinal").over("burst")
    room = (pl.col("expected_accounts") * ROOM_FOR).fill_null(float("inf"))
    return guests.join(registered, on="burst").filter(place <= room).select(GUEST.names())


def _opened(tables: Tables, bursts: pl.DataFrame) -> pl.DataFrame:
    opened = tables.accounts.select("account_id", came_at="created_at", given=pl.lit(value=False))
    return opened.join(_registered(bursts), how="cross")


def _granted(tables: Tables, bursts: pl.DataFrame) -> pl.DataFrame:
    given = tables.grants.select("account_id", "campaign", came_at="granted_at", given=pl.lit(value=True))
    joined = given.join(_registered(bursts), left_on="campaign", right_on="burst", coalesce=False)
    return joined.select("account_id", "came_at", "given", *_registered(bursts).columns)


def _registered(bursts: pl.DataFrame) -> pl.DataFrame:
    return bursts.select("burst", "expected_from", "expected_until", "network", "email_domain")


def _first_networks(events: pl.DataFrame) -> pl.DataFrame:
    seen = events.lazy().filter(pl.col("network").is_not_null())
    first = seen.group_by("account").agg(
        pl.col("account_id").first(), own_network=pl.col("network").first(), network_at=pl.col("occurred_at").first()
    )
    return run(first.drop("account"))


def read_among_guests(
    ties: pl.LazyFrame, facts: pl.DataFrame, guests: pl.DataFrame, asked: pl.DataFrame, marks: pl.DataFrame
) -> pl.LazyFrame:
    """``ties`` whose ``others`` and ``drained`` are lessened, for guests, by what is typical among the burst's guests.

    ``ties`` is what ``prepare_ties`` gives, ``guests`` what ``let_in`` does; everything as of each ``at``.
    """
    if guests.is_empty():
        return ties
    present = guests.join(asked, on="account_id").filter(pl.col("joined_at") <= pl.col("at"))
    if present.is_empty():
        return ties
    known = run(ties)
    crowd = _crowd(facts, guests, present.select("burst", "at").unique(), marks)
    excuse = (
        present.select("subject", "burst", "at")
        .join(crowd, on=["burst", "at"])
        .join(known.select("subject", *VALUE), on=["subject", *VALUE], how="semi")
        .group_by("subject", *VALUE)
        .agg(pl.col("usual").max(), pl.col("usual_drained").max())
    )
    lessened = known.join(excuse, on=["subject", *VALUE], how="left", maintain_order="left")
    less = [
        (pl.col(name) - pl.col(usual).fill_null(0)).clip(0).alias(name)
        for name, usual in (("others", "usual"), ("drained", "usual_drained"))
    ]
    return (
        lessened.with_columns(*less)
        .with_columns(pl.min_horizontal("payers", "others").alias("payers"))
        .select(known.columns)
        .lazy()
    )


def _crowd(facts: pl.DataFrame, guests: pl.DataFrame, moments: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """What each burst explains of each value at each moment: ``burst, at, kind, value, usual, usual_drained``."""
    shown = (
        facts.filter(pl.col("kind").is_in(LESSENED))
        .join(guests, on="account_id")
        .join(moments, on="burst")
        .filter(pl.max_horizontal("seen_at", "joined_at") <= pl.col("at"))
        .join(marks.select("account_id", "half_at"), on="account_id", how="left")
        .with_columns(dry=(pl.col("half_at") <= pl.col("at")).fill_null(value=False))
    )
    held = shown.with_columns(
        holders=pl.len().over("burst", "at", *VALUE).cast(pl.Int64) - 1,
        dried=pl.col("dry").sum().over("burst", "at", *VALUE).cast(pl.Int64) - pl.col("dry").cast(pl.Int64),
    )
    typical = (
        held.group_by("burst", "at", "kind", "account_id")
        .agg(pl.col("holders").max(), pl.col("dried").max())
        .group_by("burst", "at", "kind")
        .agg(pl.col("holders").median().floor().cast(pl.Int64), pl.col("dried").median().floor().cast(pl.Int64))
    )
    values = held.group_by("burst", "at", *VALUE).agg(held=pl.col("holders").max(), dried_here=pl.col("dried").max())
    both = values.join(typical, on=["burst", "at", "kind"])
    # A small group's own address is not the room of the burst: only what about as many share is.
    is_room = ~pl.col("kind").is_in(PLACES) | (2 * pl.col("held") >= pl.col("holders"))
    return both.filter(is_room).select(
        *("burst", "at", *VALUE),
        usual=pl.min_horizontal("held", "holders"),
        usual_drained=pl.min_horizontal("dried_here", "dried"),
    )
