"""Nobody waits in a circle: who has to wait for another holds nothing that the other may want next."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from grantguard.contract import USAGE, Tables
from grantguard.store.database import Connection, Database
from grantguard.store.decisions import record_decision
from grantguard.store.ingesting import ingest
from grantguard.store.marks import find_marks, let_go, mark, unmark
from grantguard.store.outbox import mark_failed, post, replay_dead
from grantguard.vocabulary import Decision

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
Deed = Callable[[Connection], object]


def meet(database: Database, mine: Deed, theirs: Deed, then: Deed) -> None:
    """In one transaction do ``mine``, wait until ``theirs`` waits for it in another, then do ``then``."""

    def do_theirs() -> None:
        with database.connection() as connection:
            theirs(connection)

    with ThreadPoolExecutor(1) as pool:
        with database.connection() as connection:
            mine(connection)
            other = pool.submit(do_theirs)
            while not other.done() and not is_anybody_waiting(database):
                pass
            then(connection)
        other.result()


def is_anybody_waiting(database: Database) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.statement() as connection:
        return connection.execute(waiting).fetchone() != (0,)


def marking(*names: str) -> Deed:
    return lambda connection: mark(connection, names, "test", NOON)


def event(account_id: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
    row: dict[str, Any] = {"event_id": "e1", "account_id": account_id, "occurred_at": NOON - timedelta(hours=1)}
    row |= {"category": "standard_chat", "input_tokens": 9, "output_tokens": 9, "credits": 0.1, "status": "ok"}
    return row | changes


def sending(*events: dict[str, Any]) -> Deed:
    rows = Tables.of(usage=pl.DataFrame(list(events))).usage
    return lambda connection: ingest(connection, USAGE, rows, NOON)


def keep_marks(database: Database, *names: str) -> None:
    """Marks that stand in the table in this order."""
    for name in names:
        with database.connection() as connection:
            mark(connection, [name], "test", NOON)


def test_marks_are_taken_in_one_order_whatever_the_language_of_the_database(database: Database) -> None:
    meet(database, marking("B"), marking("a", "B", "c"), marking("a"))


def test_a_batch_that_refunds_and_adds_marks_all_at_once(database: Database) -> None:
    with database.connection() as connection:
        sending(event("a"))(connection)
    meet(database, marking("a"), sending(event("a", status="refunded"), event("b")), marking("b"))


def test_who_lets_go_of_marks_takes_them_as_who_marks_does(database: Database) -> None:
    keep_marks(database, "b", "a")
    with database.connection() as connection:
        marks = find_marks(connection, ["a", "b"])
    meet(database, marking("a"), lambda connection: let_go(connection, marks), marking("b"))


def test_who_removes_marks_takes_them_as_who_marks_does(database: Database) -> None:
    keep_marks(database, "b", "a")
    with database.connection() as connection:
        marks = find_marks(connection, ["a", "b"])
    meet(database, marking("a"), lambda connection: unmark(connection, marks), marking("b"))


def test_dead_letters_are_replayed_in_the_order_in_which_newer_ones_overtake_them(
    database: Database, hold: Decision
) -> None:
    def posting(grant: str) -> Deed:
        return lambda connection: post(connection, replace(hold, decision_id="d3"), grant, 3, NOON)

    with database.connection() as connection:
        record_decision(connection, hold, {})
        for name, grant in (("m2", "g2"), ("m1", "g1")):
            connection.execute(LETTER, [name, grant])
            mark_failed(connection, "ada", name, "test", None, NOON)
    meet(database, posting("g1"), lambda connection: replay_dead(connection, NOON), posting("g2"))


LETTER = """
    INSERT INTO outbox (account_id, id, decision_id, grant_id, sequence, type, body, created_at, next_try_at)
    VALUES ('ada', %s, 'd1', %s, 1, 'grant.hold', '{}', '2025-05-10T12:00Z', '2025-05-10T12:00Z')
"""
