"""The law of scoring on news: a few accounts read from a store are what they are among everybody."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.contract import TIME, Tables
from grantguard.dated import FACT, MILESTONES, Around, Dated
from grantguard.facts import describe_accounts
from grantguard.histories import REACH, REACH_OF_RINGS, Own, Past, ask, follow_rings
from grantguard.histories.kin import FEW
from grantguard.histories.past import find_rings_at
from grantguard.histories.thresholds import find_thresholds
from grantguard.signals import extract
from grantguard.worlds import simulate

SEEDS = (2, 8, 10)
"""Worlds that have an expected burst."""


def workshop(guests: int = 24, expected: int = 12) -> Tables:
    """A room of guests, registered for half of them; the first eight and the last six began alike."""
    opens = datetime(2025, 3, 1, 10, tzinfo=UTC)
    created = [opens + timedelta(seconds=40 * place) for place in range(guests)]
    accounts = [
        {"account_id": f"guest-{place:02}", "created_at": when, "plan": "free"} for place, when in enumerate(created)
    ]
    usage = [
        {
            "event_id": str(turn),
            "account_id": f"guest-{place:02}",
            "occurred_at": when + timedelta(minutes=turn),
            "category": "standard_chat",
            "input_tokens": 100 * (2 ** (place - 6) if 8 <= place < 18 else 1),
            "output_tokens": 10,
            "credits": 1.0,
            "status": "ok",
            "network": "AS64501",
            "ip_hash": "room",
        }
        for place, when in enumerate(created)
        for turn in range(24)
    ]
    burst = {"campaign": "workshop", "kind": "launch", "network": "AS64501", "expected_accounts": expected}
    window = {"expected_from": opens, "expected_until": opens + timedelta(hours=6)}
    frames = {"accounts": accounts, "usage": usage, "campaigns": [burst | window]}
    return Tables.of(**{name: pl.DataFrame(rows) for name, rows in frames.items()})


def rows_of(tables: Tables, account_ids: list[str]) -> Tables:
    """The rows of these accounts, every campaign, and the labels of rings."""

    def own(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("account_id").is_in(account_ids))

    of_rings = tables.labels.filter(pl.col("account_id").is_null())
    frames = {field.name: getattr(tables, field.name) for field in fields(tables)}
    narrow = {name: frame if name == "campaigns" else own(frame) for name, frame in frames.items()}
    return Tables.of(**narrow | {"labels": pl.concat([narrow["labels"], of_rings])})


def write(tables: Tables, parts: list[list[str]]) -> Dated:
    """All that is dated, of accounts whose rows came part by part."""
    dated = [Own.of(rows_of(tables, part)).date() for part in parts]
    whole = {field.name: pl.concat(getattr(each, field.name) for each in dated) for field in fields(Dated)}
    whole["facts"] = whole["facts"].group_by("kind", "value", "account_id").agg(pl.col("seen_at").min())
    whole["arrivals"] = whole["arrivals"].group_by("account_id").agg(pl.col("seen_at").min())
    return Dated(**whole)


@dataclass(frozen=True)
class Shelf:
    """What was written, to be read around some accounts."""

    dated: Dated

    def look(self, asked: pl.DataFrame) -> Around:
        """What is around the accounts asked about (``account_id, at``), at their one moment."""
        (at,) = asked["at"].unique().to_list()
        ids = asked["account_id"].implode()
        facts = pl.concat([self.dated.facts.select(FACT.names()), self.dated.likenesses.select(FACT.names())])
        facts = facts.filter(pl.col("seen_at") <= at)
        own = facts.filter(pl.col("account_id").is_in(ids))
        most = pl.col("kind").replace_strict(REACH.most_holders, default=REACH.most_of_others)
        first = pl.col("seen_at").rank("ordinal").over("kind", "value") <= most
        shared = facts.join(own, on=["kind", "value"], how="semi").filter(first)
        invited = self.dated.guests.filter(pl.col("account_id").is_in(ids))["burst"]
        guests = self.dated.guests.filter(pl.col("burst").is_in(invited.implode()))
        theirs = facts.join(guests, on="account_id", how="semi").filter(pl.col("kind").is_in(REACH.kinds_of_bursts))
        around = pl.concat([own, shared, theirs]).unique()
        milestones = self.dated.milestones.filter(
            pl.col("account_id").is_in(around["account_id"].implode()) | pl.col("account_id").is_in(ids)
        )
        return Around(
            facts=around,
            milestones=milestones.select(MILESTONES.names()),
            guests=guests,
            crowds=self.count(asked),
            thresholds=find_thresholds(self.dated.lengths),
        )

    def count(self, asked: pl.DataFrame) -> pl.DataFrame:
        """The crowds that the accounts asked about belong to, as of their moment."""
        (at,) = asked["at"].unique().to_list()
        joined = self.dated.likenesses.filter(pl.col("bin").is_not_null(), pl.col("seen_at") <= at)
        own = joined.filter(pl.col("account_id").is_in(asked["account_id"].implode()))
        arrived = self.dated.arrivals.filter(pl.col("seen_at") <= at)
        crowds = [
            joined.join(own, on=["kind", *shared], how="semi").group_by("kind", *shared).agg(n=pl.len())
            for shared in (["likeness"], ["bin"], [])
        ]
        crowds.append(pl.DataFrame({"kind": "anyone", "n": arrived.height}, schema_overrides={"n": pl.UInt32}))
        return pl.concat(crowds, how="diagonal").with_columns(pl.col("n").cast(pl.Int64), when=pl.lit(at, TIME))


@cache
def everything(seed: int) -> tuple[Past, Shelf]:
    """A world's whole past, and a store to which its accounts came forty at a time."""
    tables = simulate(500, seed=seed, prevalence=0.1).tables
    past = Past.of(tables)
    ids = np.random.default_rng(seed).permutation(past.account_ids.to_numpy()).tolist()
    return past, Shelf(write(tables, [ids[place : place + 40] for place in range(0, len(ids), 40)]))


def draw(past: Past, seed: int) -> list[pl.DataFrame]:
    """Many, one, a few, each as of another moment; and guests of a burst at the end."""
    rng = np.random.default_rng(seed)
    first, last = past.events["occurred_at"].min(), past.events["occurred_at"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    moments = [last, *(first + float(share) * (last - first) for share in rng.uniform(0.2, 1, 4))]
    ids = past.account_ids.to_numpy()
    drawn = [
        ask(rng.choice(ids, size, replace=False).tolist(), at)
        for size, at in zip([120, 1, 1, 7, 30], moments, strict=True)
    ]
    guests = ask(past.guests["account_id"].unique().sort().head(9), last)
    return [*drawn, guests] if guests.height else drawn


def assemble(past: Past, shelf: Shelf, asked: pl.DataFrame) -> Past:
    own = Own.of(rows_of(past.tables, asked["account_id"].to_list()))
    return Past.assembled(own, shelf.look(asked))


@pytest.mark.parametrize("seed", SEEDS)
def test_signals_are_those_of_the_past_of_everybody(seed: int) -> None:
    past, shelf = everything(seed)
    for asked in draw(past, seed):
        narrow = extract(assemble(past, shelf, asked).up_to(asked))
        assert_frame_equal(narrow, extract(past.up_to(asked)), rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_rings_and_what_else_is_known_of_accounts_are_those_of_everybody(seed: int) -> None:
    past, shelf = everything(seed)
    for asked in draw(past, seed):
        part = assemble(past, shelf, asked)
        histories = part.up_to(asked)
        rings = follow_rings(histories.kin, shelf.look, part.crowds, past.tables.campaigns)
        whole = find_rings_at(past, asked["at"][0])
        known = describe_accounts(part, histories.asked, rings)
        assert_frame_equal(known, describe_accounts(past, histories.asked, whole))


@pytest.mark.parametrize("guest", ["guest-03", "guest-09", "guest-20"])
def test_a_guest_is_read_among_those_whom_the_burst_had_room_for(guest: str) -> None:
    tables = workshop()
    past, shelf = Past.of(tables), Shelf(write(tables, [[name] for name in tables.accounts["account_id"]]))
    asked = ask([guest], datetime(2025, 3, 2, tzinfo=UTC))
    assert_frame_equal(extract(assemble(past, shelf, asked).up_to(asked)), extract(past.up_to(asked)))


def test_of_a_hub_one_holder_more_is_read_than_kin_may_be() -> None:
    assert all(most > FEW[kind] for kind, most in REACH.most_holders.items())


def test_rings_are_followed_over_every_kind_that_makes_kin() -> None:
    assert REACH_OF_RINGS.most_holders == {kind: few + 1 for kind, few in FEW.items()}


def test_a_store_reads_fewer_facts_than_there_are() -> None:
    past, shelf = everything(2)
    asked = draw(past, 2)[1]
    assert shelf.look(asked).facts.height < past.facts.height / 10
