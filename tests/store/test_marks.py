"""Marks are taken by one worker at a time, and news is never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from grantguard.contract import ACCOUNTS, USAGE, Tables
from grantguard.store.database import Database
from grantguard.store.ingesting import ingest
from grantguard.store.marks import Mark, asking_sharing, count_marked, find_marks, mark, take_marked, unmark

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
LEASE = timedelta(minutes=1)
LATER = NOON + 2 * LEASE


def put(database: Database, *account_ids: str, at: datetime = NOON) -> None:
    with database.connection() as connection:
        mark(connection, account_ids, "links", at)


def take(database: Database, limit: int = 10, at: datetime = NOON) -> tuple[Mark, ...]:
    with database.connection() as connection:
        return take_marked(connection, limit, at, LEASE)


def answer(database: Database, marks: tuple[Mark, ...]) -> None:
    with database.connection() as connection:
        unmark(connection, marks)


def names(marks: tuple[Mark, ...]) -> set[str]:
    return {each.account_id for each in marks}


def test_the_longest_waiting_come_first(database: Database) -> None:
    put(database, "ada", at=NOON)
    put(database, "bo", at=NOON - LEASE)
    assert names(take(database, limit=1)) == {"bo"}


def test_what_one_takes_no_other_takes(database: Database) -> None:
    put(database, "ada", "bo")
    assert names(take(database)) == {"ada", "bo"}
    assert take(database) == ()


def test_two_at_the_same_moment_share_them(database: Database) -> None:
    put(database, "ada", "bo")
    with database.connection() as one, database.connection() as other:
        first, second = take_marked(one, 1, NOON, LEASE), take_marked(other, 10, NOON, LEASE)
    assert names(first) | names(second) == {"ada", "bo"}
    assert not names(first) & names(second)


def test_who_dies_lets_go_when_the_time_is_up(database: Database) -> None:
    put(database, "ada")
    take(database)
    assert [each.attempts for each in take(database, at=LATER)] == [2]


def test_what_failed_before_comes_last(database: Database) -> None:
    put(database, "bad")
    take(database)
    put(database, "good", at=LATER)
    assert names(take(database, limit=1, at=LATER)) == {"good"}


def test_an_answered_mark_is_gone(database: Database) -> None:
    put(database, "ada")
    answer(database, take(database))
    assert take(database, at=LATER) == ()


def test_news_that_comes_meanwhile_keeps_the_mark(database: Database) -> None:
    put(database, "ada")
    taken = take(database)
    put(database, "ada", at=LATER)
    answer(database, taken)
    assert [(each.attempts, each.marked_at) for each in take(database, at=NOON)] == [(1, LATER)]


def test_more_news_does_not_hide_how_long_it_has_waited(database: Database) -> None:
    put(database, "ada", at=NOON)
    put(database, "ada", at=LATER)
    assert take(database, at=LATER)[0].marked_at == NOON


def test_ingesting_does_not_wait_for_whoever_has_taken_a_mark(database: Database) -> None:
    put(database, "ada")
    taken = take(database)
    with database.connection() as connection:
        connection.execute("SET LOCAL lock_timeout = '100ms'")
        mark(connection, ["ada"], "links", NOON)
    assert taken[0].account_id == "ada"


def test_marks_can_be_answered_without_being_taken(database: Database) -> None:
    put(database, "ada", "bo")
    with database.connection() as connection:
        unmark(connection, find_marks(connection, ["ada"]))
    assert names(take(database)) == {"bo"}


def test_what_waits_is_counted_from_the_oldest(database: Database) -> None:
    put(database, "ada", at=LATER)
    put(database, "bo", at=NOON)
    with database.statement() as connection:
        waiting = count_marked(connection)
    assert (waiting.accounts, waiting.since) == (2, NOON)


def send(database: Database, name: str, device: str, at: datetime = NOON) -> None:
    """An account's request from a device."""
    told = {"event_id": f"{at}", "account_id": name, "occurred_at": at, "device_hash": device, "status": "ok"}
    cost = {"category": "standard_chat", "input_tokens": 9, "output_tokens": 9, "credits": 0.1}
    with database.connection() as connection:
        ingest(connection, USAGE, Tables.of(usage=pl.DataFrame([told | cost])).usage, NOON)


def sharing(database: Database, *values: str, besides: str = "", most: int = 10) -> list[str]:
    with asking_sharing(database, list(values), [besides], most) as found:
        return found()


def test_a_request_that_nobody_has_read_shows_a_shared_value(database: Database) -> None:
    send(database, "ada", "laptop")
    send(database, "bo", "phone")
    assert sharing(database, "laptop", "tablet") == ["ada"]


def test_who_signed_up_with_a_shared_value_is_found(database: Database) -> None:
    row = {"account_id": "ada", "created_at": NOON, "plan": "free", "email_hash": "mail"}
    with database.connection() as connection:
        ingest(connection, ACCOUNTS, Tables.of(accounts=pl.DataFrame([row])).accounts, NOON)
    assert sharing(database, "mail") == ["ada"]


def test_who_asks_does_not_share_with_himself(database: Database) -> None:
    send(database, "ada", "laptop")
    assert sharing(database, "laptop", besides="ada") == []


def test_the_newest_of_many_that_share_come_first(database: Database) -> None:
    send(database, "ada", "laptop")
    send(database, "bo", "laptop")
    put(database, "cy", at=LATER)
    send(database, "cy", "laptop")
    assert sharing(database, "laptop", most=1) == ["cy"]


def test_what_was_read_is_not_looked_through_again_for_other_news(database: Database) -> None:
    send(database, "ada", "laptop")
    answer(database, take(database))
    put(database, "ada")
    assert sharing(database, "laptop") == []


def test_of_requests_that_came_apart_the_first_is_looked_at_too(database: Database) -> None:
    send(database, "ada", "laptop", at=NOON)
    send(database, "ada", "phone", at=LATER)
    send(database, "ada", "phone", at=LATER)
    assert sharing(database, "laptop") == ["ada"]


def test_a_request_that_comes_while_the_account_is_scored_stays_unread(database: Database) -> None:
    send(database, "ada", "phone", at=NOON)
    taken = take(database)
    send(database, "ada", "laptop", at=LATER)
    answer(database, taken)
    assert sharing(database, "laptop") == ["ada"]
