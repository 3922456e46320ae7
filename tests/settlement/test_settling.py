"""Scoring on news: marked accounts are assessed once, and what changes is recorded, then told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from grantguard.settlement import Desk, settle
from grantguard.store.database import Database
from grantguard.store.decisions import read_decision, read_seen
from grantguard.store.marks import count_marked, mark
from grantguard.store.risks import find_risk
from grantguard.store.standing import find_standing

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
Keep = Callable[..., None]


def count(database: Database, table: str) -> int:
    with database.connection() as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 - a table's name
    assert found is not None
    return int(found[0])


def test_a_marked_account_gets_a_risk_and_loses_its_mark(desk: Desk, keep: Keep) -> None:
    keep("ada")
    assert settle(desk, NOON) == 1
    with desk.database.connection() as connection:
        rated = find_risk(connection, "ada")
        assert count_marked(connection).accounts == 0
    assert rated is not None
    assert rated.at == NOON


def test_nothing_marked_is_nothing_to_do(desk: Desk) -> None:
    assert settle(desk, NOON) == 0


def test_an_account_that_is_allowed_needs_no_decision(desk: Desk, keep: Keep) -> None:
    keep("ada")
    settle(desk, NOON)
    assert (count(desk.database, "decisions"), count(desk.database, "outbox")) == (0, 0)


def test_a_changed_action_is_recorded_and_told_for_each_grant(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1, grants=("g1", "g2"))
    settle(desk, NOON)
    with desk.database.connection() as connection:
        standing = find_standing(connection, "ada")
        decision = read_decision(connection, standing[0].decision_id)
    assert [(each.grant_id, each.action) for each in standing] == [("ada-g1", "hold"), ("ada-g2", "hold")]
    assert decision is not None
    assert decision.grants == ("ada-g1", "ada-g2")
    assert (count(desk.database, "decisions"), count(desk.database, "outbox")) == (1, 2)


def test_who_stands_near_an_account_that_is_stopped_is_looked_at_again(desk: Desk, keep: Keep) -> None:
    keep("ada", mail="one mailbox")
    settle(desk, NOON)
    keep("eve", mail="one mailbox", chargebacks=1)
    settle(desk, NOON)
    with desk.database.connection() as connection:
        marked = connection.execute("SELECT account_id, reason FROM marks").fetchall()
    assert marked == [("ada", "company")]


def test_nothing_binds_until_somebody_says_so(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    settle(desk, NOON)
    with desk.database.connection() as connection:
        assert [each.enforced for each in find_standing(connection, "ada")] == [False]


def test_what_was_seen_can_be_replayed(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    settle(desk, NOON)
    with desk.database.connection() as connection:
        seen = read_seen(connection, find_standing(connection, "ada")[0].decision_id)
    assert seen is not None
    assert seen["facts"]["chargebacks"] == 1
    assert "gap_variation" in seen["signals"]


def test_the_same_again_changes_nothing(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    for hours in range(3):
        with desk.database.connection() as connection:
            mark(connection, ["ada"], "test", NOON)
        settle(desk, NOON + timedelta(hours=hours))
    assert (count(desk.database, "decisions"), count(desk.database, "outbox")) == (1, 1)


@pytest.mark.parametrize("seed", [1, 2])
def test_several_workers_never_decide_twice(desk: Desk, keep: Keep, seed: int) -> None:
    names = [f"account-{seed}-{i:02}" for i in range(12)]
    for name in names:
        keep(name, chargebacks=1)
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(settle, desk, NOON, 5) for _ in range(8)]:
            future.result()
    assert (count(desk.database, "decisions"), count(desk.database, "outbox")) == (12, 12)


def test_a_mark_of_an_account_that_nobody_sent_is_let_go(desk: Desk) -> None:
    with desk.database.connection() as connection:
        mark(connection, ["ghost"], "test", NOON)
    settle(desk, NOON)
    assert count(desk.database, "marks") == 0


def test_one_account_that_cannot_be_kept_does_not_stop_the_others(desk: Desk, keep: Keep) -> None:
    for name in ("ada", "bad", "eve"):
        keep(name)
    with desk.database.connection() as connection:
        connection.execute("ALTER TABLE risks ADD CHECK (account_id <> 'bad')")
    settle(desk, NOON)
    with desk.database.connection() as connection:
        assert [find_risk(connection, name) is None for name in ("ada", "bad", "eve")] == [False, True, False]
    assert count(desk.database, "marks") == 1
