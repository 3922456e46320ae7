"""Links in a store: what is read around an account is what everybody's past would tell of it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.contract import Tables
from grantguard.dated import FACT, Dated, Nearby
from grantguard.facts import describe_accounts
from grantguard.histories import REACH, REACH_OF_RINGS, Own, Past, ask, follow_rings
from grantguard.histories.past import find_rings_at
from grantguard.histories.thresholds import find_thresholds
from grantguard.signals import extract
from grantguard.store.around import read_around, read_lengths, read_nearby
from grantguard.store.database import Database
from grantguard.store.links import find_concerned, write_dated, write_thresholds
from grantguard.worlds import simulate

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def rows_of(tables: Tables, account_ids: list[str]) -> Tables:
    """The rows of these accounts, and every campaign."""
    frames = {field.name: getattr(tables, field.name) for field in fields(tables)}
    own = {
        name: frame.filter(pl.col("account_id").is_in(account_ids))
        for name, frame in frames.items()
        if name != "campaigns"
    }
    return Tables(**frames | own)


def store(database: Database, dated: Dated) -> pl.DataFrame:
    with database.connection() as connection:
        return write_dated(connection, dated)


def store_world(database: Database, tables: Tables, account_ids: list[str]) -> None:
    """A world whose accounts come forty at a time."""
    for place in range(0, len(account_ids), 40):
        store(database, Own.of(rows_of(tables, account_ids[place : place + 40])).date())
    with database.connection() as connection:
        write_thresholds(connection, find_thresholds(read_lengths(database)))


@pytest.mark.parametrize("seed", [2, 8])
def test_signals_rings_and_facts_are_those_of_the_past_of_everybody(database: Database, seed: int) -> None:
    tables = simulate(200, seed=seed, prevalence=0.1).tables
    past = Past.of(tables)
    ids = np.random.default_rng(seed).permutation(past.account_ids.to_numpy()).tolist()
    store_world(database, tables, ids)
    last = past.events["occurred_at"].max()
    assert isinstance(last, datetime)

    def look(asked: pl.DataFrame) -> Nearby:
        return read_nearby(database, asked["account_id"].to_list(), asked["at"][0], REACH_OF_RINGS)

    for size, at in ((60, last), (1, last), (9, last - timedelta(days=30))):
        asked = ask(ids[:size], at)
        narrow = Past.assembled(Own.of(rows_of(tables, ids[:size])), read_around(database, ids[:size], at, REACH))
        histories, expected = narrow.up_to(asked), past.up_to(asked)
        assert_frame_equal(extract(histories), extract(expected), rel_tol=1e-9, abs_tol=1e-9)
        rings = follow_rings(histories.kin, look, narrow.crowds, tables.campaigns)
        told = describe_accounts(narrow, histories.asked, rings)
        assert_frame_equal(told, describe_accounts(past, expected.asked, find_rings_at(past, at)))


def nothing() -> Dated:
    """What is dated of no account."""
    return Own.of(Tables.of()).date()


def shown(value: str, *account_ids: str, at: datetime = NOON) -> Dated:
    """Accounts that showed a device."""
    rows = [{"kind": "device", "value": value, "account_id": name, "seen_at": at} for name in account_ids]
    facts = pl.DataFrame(rows, schema=FACT)
    return replace(nothing(), facts=facts, arrivals=facts.select("account_id", "seen_at"))


def test_a_fact_is_dated_by_the_earliest_that_came(database: Database) -> None:
    for hours in (1, -1, 2):
        store(database, shown("laptop", "a", at=NOON + timedelta(hours=hours)))
    around = read_around(database, ["a"], NOON + timedelta(days=1), REACH)
    assert around.facts["seen_at"].to_list() == [NOON - timedelta(hours=1)]


def test_a_value_may_be_any_text(database: Database) -> None:
    value = 'a "quoted" \\ {comma, brace}\t\n%s é \u2028 NULL'
    store(database, shown(value, "a"))
    assert read_around(database, ["a"], NOON + timedelta(days=1), REACH).facts["value"].to_list() == [value]


def test_a_moment_is_kept_to_the_microsecond(database: Database) -> None:
    at = NOON + timedelta(microseconds=1)
    store(database, shown("laptop", "a", at=at))
    assert read_around(database, ["a"], at, REACH).facts["seen_at"].to_list() == [at]
    assert read_around(database, ["a"], NOON, REACH).facts.is_empty()


def began(sizes: list[int]) -> Tables:
    """An account's first requests, a minute apart."""
    rows = [
        {
            "event_id": str(turn),
            "account_id": "a",
            "occurred_at": NOON + timedelta(minutes=turn),
            "category": "standard_chat",
            "input_tokens": size,
            "output_tokens": 10,
            "credits": 1.0,
            "status": "ok",
        }
        for turn, size in enumerate(sizes)
    ]
    return Tables.of(usage=pl.DataFrame(rows))


def test_late_events_replace_how_an_account_began(database: Database) -> None:
    whole = began([9000] * 10 + [10] * 15)
    late = replace(whole, usage=whole.usage.tail(20))
    for tables in (late, whole):
        store(database, Own.of(tables).date())
    around = read_around(database, ["a"], NOON + timedelta(days=1), REACH)
    expected = Own.of(whole).likenesses.select(FACT.names())
    assert_frame_equal(around.facts, expected, check_row_order=False)


def test_what_is_written_again_is_not_new(database: Database) -> None:
    dated = Own.of(began([10] * 25)).date()
    assert store(database, dated).height == 2
    assert store(database, dated).is_empty()


def concern(database: Database, dated: Dated) -> list[str]:
    with database.connection() as connection:
        new = write_dated(connection, dated)
        return find_concerned(connection, new, dated.facts["account_id"].to_list())


def test_those_are_concerned_whose_link_grows_by_a_step(database: Database) -> None:
    told = [concern(database, shown("laptop", name)) for name in "abcdef"]
    assert told == [[], ["a"], ["a", "b"], [], ["a", "b", "c", "d"], []]


def test_nobody_is_concerned_of_another_value(database: Database) -> None:
    concern(database, shown("laptop", "a"))
    assert concern(database, shown("phone", "b")) == []


def test_a_hub_concerns_nobody(database: Database) -> None:
    concern(database, shown("library", "a"))
    assert concern(database, shown("library", *(f"guest-{number}" for number in range(200)))) == []
