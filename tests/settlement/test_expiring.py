"""A hold releases itself when its time is up, once, and the ledger is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from grantguard.settlement import Desk, expire, settle
from grantguard.store.decisions import read_seen
from grantguard.store.standing import find_standing

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
Keep = Callable[..., None]


def test_a_hold_is_not_released_before_its_time(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    settle(desk, NOON)
    assert expire(desk.database, NOON + WEEK - timedelta(seconds=1)) == []


def test_a_hold_is_released_when_its_time_is_up(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1, grants=("g1", "g2"))
    settle(desk, NOON)
    (decision,) = expire(desk.database, NOON + WEEK)
    assert (decision.action, decision.grants) == ("allow", ("ada-g1", "ada-g2"))
    with desk.database.connection() as connection:
        assert [each.action for each in find_standing(connection, "ada")] == ["allow", "allow"]
        assert connection.execute("SELECT count(*) FROM outbox WHERE type = 'grant.release'").fetchone() == (2,)


def test_a_release_says_which_hold_it_ends(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    settle(desk, NOON)
    with desk.database.connection() as connection:
        held = find_standing(connection, "ada")[0].decision_id
    (decision,) = expire(desk.database, NOON + WEEK)
    with desk.database.connection() as connection:
        assert read_seen(connection, decision.decision_id) == {"released": held}


def test_two_workers_release_a_hold_once(desk: Desk, keep: Keep) -> None:
    for name in ("ada", "bob", "eve"):
        keep(name, chargebacks=1)
    settle(desk, NOON)
    with ThreadPoolExecutor(4) as pool:
        released = [pool.submit(expire, desk.database, NOON + WEEK) for _ in range(4)]
        assert sum(len(future.result()) for future in released) == 3
