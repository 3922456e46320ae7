"""Ledgers are told every change, at least once, in order, and nothing that a newer one made pointless."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grantguard.store.database import Database
from grantguard.store.outbox import (
    Message,
    Undelivered,
    count_undelivered,
    due_outbox,
    mark_delivered,
    mark_failed,
    post,
    post_verdict,
    replay_dead,
)
from grantguard.vocabulary import Action, Decision

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
LEASE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def decision(hold: Decision) -> Decision:
    return replace(hold, grants=("g1",))


def write(database: Database, decision: Decision, *sequences: int, grant_id: str = "g1") -> None:
    actions: tuple[Action, ...] = ("allow", "hold")
    for sequence in sequences:
        told = replace(decision, decision_id=f"d{sequence}", action=actions[sequence % 2])
        with database.connection() as connection:
            post(connection, told, grant_id, sequence, NOON)


def take(database: Database, at: datetime = NOON) -> tuple[Message, ...]:
    with database.connection() as connection:
        return due_outbox(connection, at, 10, LEASE)


def deliver(database: Database, message: Message) -> None:
    with database.connection() as connection:
        mark_delivered(connection, message.account_id, message.id, NOON)


def fail(database: Database, message: Message, again: datetime | None) -> None:
    with database.connection() as connection:
        mark_failed(connection, message.account_id, message.id, "no answer", again, NOON)


def replay(database: Database) -> int:
    with database.connection() as connection:
        return replay_dead(connection, NOON)


def undelivered(database: Database) -> Undelivered:
    with database.statement() as connection:
        return count_undelivered(connection)


def sequences(messages: tuple[Message, ...]) -> list[int]:
    return [message.sequence for message in messages]


def test_a_message_tells_the_decision_about_its_grant_alone(database: Database, hold: Decision) -> None:
    write(database, hold, 1)
    (message,) = take(database)
    assert (message.type, message.body["type"]) == ("grant.hold", "grant.hold")
    assert (message.body["sequence"], message.body["data"]["grants"]) == (1, ["g1"])
    assert message.body["timestamp"] == "2025-05-10T12:00:00Z"


def test_what_is_taken_is_taken_by_one(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    assert sequences(take(database)) == [1]
    assert take(database) == ()


def test_who_dies_while_delivering_lets_go(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    first, second = take(database), take(database, NOON + LEASE)
    assert first[0].id == second[0].id
    assert second[0].attempts == 2


def test_what_was_delivered_is_not_due(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    deliver(database, take(database)[0])
    assert take(database, NOON + HOUR) == ()


def test_a_newer_message_takes_the_place_of_one_that_has_not_left(database: Database, decision: Decision) -> None:
    write(database, decision, 1, 2, 3)
    assert sequences(take(database)) == [3]


def test_other_grants_are_not_superseded(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    write(database, decision, 1, grant_id="g2")
    assert {message.grant_id for message in take(database)} == {"g1", "g2"}


def test_a_newer_message_waits_for_one_that_is_on_its_way(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    (first,) = take(database)
    write(database, decision, 2)
    assert take(database) == ()
    deliver(database, first)
    assert sequences(take(database)) == [2]


def test_what_failed_on_its_way_gives_way_to_a_newer_message(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    (first,) = take(database)
    write(database, decision, 2)
    fail(database, first, NOON + HOUR)
    assert sequences(take(database)) == [2]
    assert take(database, NOON + HOUR)[0].sequence == 2


def test_what_failed_is_due_again_at_its_time(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    fail(database, take(database)[0], NOON + HOUR)
    assert take(database, NOON + HOUR - LEASE) == ()
    assert sequences(take(database, NOON + HOUR)) == [1]


def test_what_was_given_up_is_not_due_until_it_is_replayed(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    fail(database, take(database)[0], None)
    assert take(database, NOON + HOUR) == ()
    assert replay(database) == 1
    assert sequences(take(database)) == [1]


def test_what_was_given_up_holds_up_nothing_newer(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    fail(database, take(database)[0], None)
    write(database, decision, 2)
    assert sequences(take(database)) == [2]


def test_what_a_newer_message_overtook_is_not_replayed(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    fail(database, take(database)[0], None)
    write(database, decision, 2)
    assert replay(database) == 0
    assert undelivered(database).dead == 0


def test_a_verdict_waits_for_no_other_message(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    take(database)
    with database.connection() as connection:
        post_verdict(connection, decision, "compromised", NOON)
    (message,) = take(database)
    assert (message.type, message.body["verdict"]) == ("account.verdict", "compromised")


def test_every_message_has_an_id_of_its_own_and_keeps_it(database: Database, decision: Decision) -> None:
    for grant_id in ("g1", "g2"):
        write(database, decision, 1, grant_id=grant_id)
    first, again = take(database), take(database, NOON + LEASE)
    assert len({message.id for message in first}) == 2
    assert [message.id for message in first] == [message.id for message in again]


def test_what_waits_and_what_was_given_up_is_counted(database: Database, decision: Decision) -> None:
    write(database, decision, 1)
    write(database, decision, 1, grant_id="g2")
    fail(database, take(database)[0], None)
    assert undelivered(database) == Undelivered(waiting=1, since=NOON, dead=1)
