"""A grant stands as the last change left it, and only a change is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grantguard.store.database import Database
from grantguard.store.standing import Standing, change_standing, find_standing, held_expired
from grantguard.vocabulary import Decision

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def change(database: Database, decision: Decision, evidence: str = "e1") -> tuple[str, ...]:
    with database.connection() as connection:
        return change_standing(connection, decision, evidence, decision.at)


def released(hold: Decision) -> Decision:
    return replace(hold, decision_id="d2", action="allow", held_until=None)


def standing(database: Database) -> tuple[Standing, ...]:
    with database.statement() as connection:
        return find_standing(connection, "ada")


def posted(database: Database) -> list[tuple[str, int, str]]:
    with database.statement() as connection:
        return connection.execute("SELECT grant_id, sequence, type FROM outbox ORDER BY grant_id, sequence").fetchall()


def test_a_hold_stands_for_each_of_its_grants(database: Database, hold: Decision) -> None:
    assert change(database, hold) == ("g1", "g2")
    assert standing(database)[0] == Standing("ada", "g1", "hold", True, 1, NOON + WEEK, "e1", "d1", NOON)  # noqa: FBT003


def test_a_change_is_posted_with_it(database: Database, hold: Decision) -> None:
    change(database, hold)
    assert posted(database) == [("g1", 1, "grant.hold"), ("g2", 1, "grant.hold")]


def test_allowing_what_nobody_held_changes_nothing(database: Database, hold: Decision) -> None:
    assert change(database, released(hold)) == ()
    assert posted(database) == []


def test_holding_what_is_held_neither_tells_nor_draws_it_out(database: Database, hold: Decision) -> None:
    change(database, hold)
    again = replace(hold, decision_id="d2", at=NOON + WEEK / 2, held_until=NOON + 2 * WEEK)
    assert change(database, again, "e2") == ()
    assert {each.held_until for each in standing(database)} == {NOON + WEEK}


def test_every_change_of_a_grant_has_a_higher_number(database: Database, hold: Decision) -> None:
    for decision in (hold, released(hold), replace(hold, decision_id="d3")):
        change(database, replace(decision, grants=("g1",)))
    assert posted(database) == [("g1", 1, "grant.hold"), ("g1", 2, "grant.release"), ("g1", 3, "grant.hold")]


def test_a_recommendation_that_comes_to_bind_is_a_change(database: Database, hold: Decision) -> None:
    change(database, replace(hold, enforced=False))
    assert change(database, replace(hold, decision_id="d2")) == ("g1", "g2")


def test_what_is_undone_is_not_posted(database: Database, hold: Decision) -> None:
    with pytest.raises(ZeroDivisionError), database.connection() as connection:
        len(change_standing(connection, hold, "e1", NOON)) / 0
    assert (standing(database), posted(database)) == ((), [])


def test_two_who_hold_at_once_change_it_once(database: Database, hold: Decision) -> None:
    decisions = [replace(hold, decision_id=f"d{i}") for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        changed = list(pool.map(lambda decision: change(database, decision), decisions))
    assert sorted(changed) == [(), (), (), ("g1", "g2")]


def test_a_hold_expires_when_its_time_is_up(database: Database, hold: Decision) -> None:
    change(database, hold)
    with database.statement() as connection:
        assert held_expired(connection, NOON + WEEK - timedelta(seconds=1), 10) == ()
        assert {each.grant_id for each in held_expired(connection, NOON + WEEK, 10)} == {"g1", "g2"}


def test_what_was_released_expires_no_more(database: Database, hold: Decision) -> None:
    change(database, hold)
    change(database, released(hold))
    with database.statement() as connection:
        assert held_expired(connection, NOON + WEEK, 10) == ()
