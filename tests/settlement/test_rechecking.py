"""A decision says when to look again, and it is looked at again then, or when enough was spent, though nobody asks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from grantguard.settlement import Desk, Question, answer, recheck, settle
from grantguard.store.risks import find_risk

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Keep = Callable[..., None]


def scored_at(desk: Desk, name: str = "ada") -> datetime:
    with desk.database.statement() as connection:
        rated = find_risk(connection, name)
    assert rated is not None
    return rated.at


def test_an_account_is_scored_again_when_its_recheck_has_come(desk: Desk, keep: Keep) -> None:
    keep("ada")
    (decision,) = answer(desk, Question(["ada"]), NOON)
    again = decision.recheck.after_at
    assert again is not None
    assert recheck(desk.database, again) == 1
    settle(desk, again)
    assert scored_at(desk) == again


def test_before_that_nobody_looks(desk: Desk, keep: Keep) -> None:
    keep("ada")
    settle(desk, NOON)
    assert recheck(desk.database, NOON + DAY - timedelta(seconds=1)) == 0


def test_a_newcomer_is_looked_at_day_after_day(desk: Desk, keep: Keep) -> None:
    keep("ada")
    settle(desk, NOON)
    for day in (1, 2, 3):
        assert recheck(desk.database, NOON + day * DAY) == 1
        settle(desk, NOON + day * DAY)
    assert scored_at(desk) == NOON + 3 * DAY


def test_each_recheck_is_taken_once(desk: Desk, keep: Keep) -> None:
    for name in ("ada", "bob", "eve"):
        keep(name)
    settle(desk, NOON)
    with ThreadPoolExecutor(4) as pool:
        taken = [pool.submit(recheck, desk.database, NOON + DAY, 2) for _ in range(4)]
        assert sum(future.result() for future in taken) == 3


def test_where_nothing_is_left_to_spend_nobody_looks(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=3.0)
    settle(desk, NOON)
    assert recheck(desk.database, NOON + DAY) == 0


def test_who_spends_more_than_the_rechecks_credits_is_scored_again_at_once(desk: Desk, keep: Keep) -> None:
    keep("ada")
    (decision,) = answer(desk, Question(["ada"]), NOON)
    assert decision.recheck.after_credits is not None
    keep("ada", spent=decision.recheck.after_credits + 1.0)
    later = NOON + timedelta(minutes=1)
    assert settle(desk, later) == 1
    assert scored_at(desk) == later
