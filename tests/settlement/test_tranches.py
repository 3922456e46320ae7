"""A newcomer's credit is let go in tranches, to a ledger that can let go of a part and wants to be told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grantguard.settlement import Desk, Judgement, Question, answer, expire, judge, settle
from grantguard.store.decisions import read_decision
from grantguard.store.delivering import StoredOutbox
from grantguard.store.marks import mark
from grantguard.vocabulary import Notice

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Keep = Callable[..., None]


@pytest.fixture
def parts(desk: Desk) -> Desk:
    """The desk of a deployment whose ledger wants tranches."""
    return replace(desk, in_tranches=True)


def look(desk: Desk, now: datetime) -> list[Notice]:
    """Score ada again, and what her ledger is told of it."""
    with desk.database.connection() as connection:
        mark(connection, ["ada"], "test", now)
    settle(desk, now)
    outbox = StoredOutbox(desk.database)
    notices = [due.notice for due in outbox.take(now, 100)]
    for notice in notices:
        outbox.mark_delivered(notice, None, now)
    return notices


def parts_of(notices: list[Notice]) -> list[Any]:
    return [(each.kind, each.tranche and each.tranche.credits, each.tranche and each.tranche.until) for each in notices]


def test_a_newcomers_ledger_is_told_how_much_to_let_go_of_and_until_when(parts: Desk, keep: Keep) -> None:
    keep("ada")  # 57 of 60 credits are left, and a fifth of them is let go at a time
    assert parts_of(look(parts, NOON)) == [("grant.release", pytest.approx(11.4), NOON + DAY)]


def test_a_ledger_that_wants_none_is_told_none(desk: Desk, keep: Keep) -> None:
    keep("ada")
    assert look(desk, NOON) == []


def test_the_same_tranche_is_not_given_twice(parts: Desk, keep: Keep) -> None:
    keep("ada")
    look(parts, NOON)
    keep("ada", spent=5.0)
    assert look(parts, NOON + HOUR) == []


def test_the_next_is_given_when_half_of_the_last_is_spent(parts: Desk, keep: Keep) -> None:
    keep("ada")
    (first,) = look(parts, NOON)
    keep("ada", spent=6.0)
    (second,) = look(parts, NOON + HOUR)
    assert parts_of([second]) == [("grant.release", pytest.approx(10.2), NOON + HOUR + DAY)]
    assert second.sequence > first.sequence


def test_the_next_is_given_when_the_time_of_the_last_is_over(parts: Desk, keep: Keep) -> None:
    keep("ada")
    look(parts, NOON)
    assert parts_of(look(parts, NOON + DAY)) == [("grant.release", pytest.approx(11.4), NOON + 2 * DAY)]


def test_who_is_no_newcomer_any_more_is_let_have_the_rest_once(parts: Desk, keep: Keep) -> None:
    keep("ada")
    look(parts, NOON)
    assert parts_of(look(parts, NOON + 6 * DAY)) == [("grant.release", None, None)]
    assert look(parts, NOON + 8 * DAY) == []


def test_who_was_never_bound_needs_no_release(parts: Desk, keep: Keep) -> None:
    keep("ada")
    assert look(parts, NOON + 6 * DAY) == []


def test_whom_a_person_vouches_for_is_let_have_the_rest(parts: Desk, keep: Keep) -> None:
    keep("ada")
    look(parts, NOON)
    judge(parts, Judgement(("ada",), None, "genuine", None, "asked her"), "grace", NOON + HOUR)
    told = parts_of(look(parts, NOON + HOUR))
    assert ("grant.release", None, None) in told


def test_who_is_held_gets_no_tranche(parts: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    assert parts_of(look(parts, NOON)) == [("grant.hold", None, None)]


def test_a_hold_overtakes_a_tranche_that_has_not_left(parts: Desk, keep: Keep) -> None:
    keep("ada")
    settle(parts, NOON)
    keep("ada", chargebacks=1)
    assert [each.kind for each in look(parts, NOON + HOUR)] == ["grant.hold"]


def test_a_hold_that_ends_says_nothing_of_tranches_and_the_next_look_does(parts: Desk, keep: Keep) -> None:
    quick = replace(parts, rules=replace(parts.rules, hold_days=1))
    keep("ada")
    look(quick, NOON)
    keep("ada", chargebacks=1)
    look(quick, NOON + HOUR)
    expire(quick.database, NOON + HOUR + DAY)
    (released,) = StoredOutbox(quick.database).take(NOON + HOUR + DAY, 9)
    assert (released.notice.kind, released.notice.tranche) == ("grant.release", None)
    again = NOON + 2 * DAY
    assert parts_of(look(quick, again))[-1] == ("grant.release", pytest.approx(11.4), again + DAY)


def test_a_tranche_is_a_decision_on_record(parts: Desk, keep: Keep) -> None:
    keep("ada")
    (notice,) = look(parts, NOON)
    with parts.database.statement() as connection:
        assert read_decision(connection, notice.decision.decision_id) == notice.decision


def test_a_ledger_that_asks_and_listens_is_told_too(parts: Desk, keep: Keep) -> None:
    keep("ada")
    (decision,) = answer(parts, Question(["ada"]), NOON)
    (due,) = StoredOutbox(parts.database).take(NOON, 9)
    assert due.notice.tranche is not None
    assert due.notice.tranche.credits == decision.recheck.after_credits


@pytest.mark.parametrize("seed", [1, 2])
def test_several_workers_give_each_tranche_once(parts: Desk, keep: Keep, seed: int) -> None:
    names = [f"account-{seed}-{i}" for i in range(6)]
    for name in names:
        keep(name)
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(settle, parts, NOON, 3) for _ in range(4)]
        work += [pool.submit(answer, parts, Question([name]), NOON) for name in names]  # type: ignore[arg-type]
        for future in work:
            future.result()
    notices = [due.notice for due in StoredOutbox(parts.database).take(NOON, 100)]
    assert sorted(str(each.grant_id) for each in notices) == [f"{name}-g" for name in names]
