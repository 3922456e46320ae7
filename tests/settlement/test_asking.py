"""A ledger that asks is answered from everything that was acknowledged, and the answer is on record."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from grantguard.errors import AccountUnknown, GrantUnknown
from grantguard.settlement import Desk, Question, answer, expire, settle
from grantguard.store.decisions import read_decision, read_seen
from grantguard.store.marks import count_marked
from grantguard.store.standing import find_standing

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
Keep = Callable[..., None]


def action(desk: Desk, now: datetime, name: str = "ada") -> str:
    return answer(desk, Question([name]), now)[0].action


def told(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.connection() as connection:
        return connection.execute("SELECT grant_id, type FROM outbox ORDER BY created_at, grant_id").fetchall()


def test_an_answer_is_on_record(desk: Desk, keep: Keep) -> None:
    keep("ada")
    (decision,) = answer(desk, Question(["ada"]), NOON)
    with desk.database.connection() as connection:
        assert read_decision(connection, decision.decision_id) == decision


def test_what_was_just_acknowledged_has_been_read(desk: Desk, keep: Keep) -> None:
    keep("ada")
    assert action(desk, NOON) == "allow"
    keep("ada", chargebacks=1)
    assert action(desk, NOON) == "hold"


def test_asking_scores_what_was_still_marked(desk: Desk, keep: Keep) -> None:
    keep("ada")
    answer(desk, Question(["ada"]), NOON)
    with desk.database.connection() as connection:
        assert count_marked(connection).accounts == 0


def test_what_was_just_acknowledged_of_accounts_that_share_its_mail_has_been_read(desk: Desk, keep: Keep) -> None:
    for name in ("bob", "eve", "ada"):
        keep(name, mail="one-mail")
    (decision,) = answer(desk, Question(["ada"]), NOON)
    with desk.database.connection() as connection:
        seen = read_seen(connection, decision.decision_id)
    assert seen is not None
    assert seen["signals"]["shared_email"] == 2


def test_only_a_changed_action_is_told(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    for minute in range(3):
        action(desk, NOON + timedelta(minutes=minute))
    assert told(desk) == [("ada-g", "grant.hold")]


def test_many_are_answered_in_the_order_asked(desk: Desk, keep: Keep) -> None:
    for name in ("ada", "eve", "bob"):
        keep(name)
    asked = ["eve", "ada", "bob"]
    assert [each.account_id for each in answer(desk, Question(asked), NOON)] == asked


def test_one_grant_is_answered_alone(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1, grants=("g1", "g2"))
    (decision,) = answer(desk, Question(["ada"], grant_id="ada-g2"), NOON)
    assert decision.grants == ("ada-g2",)
    assert told(desk) == [("ada-g2", "grant.hold")]


def test_a_question_about_the_past_puts_nothing_in_force(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    (decision,) = answer(desk, Question(["ada"], at=NOON - timedelta(hours=1)), NOON)
    assert decision.action == "hold"
    assert not told(desk)


def test_an_account_of_which_nothing_was_sent_is_named(desk: Desk) -> None:
    with pytest.raises(AccountUnknown, match="nobody"):
        answer(desk, Question(["nobody"]), NOON)


def test_a_grant_of_nobody_is_named(desk: Desk, keep: Keep) -> None:
    keep("ada")
    with pytest.raises(GrantUnknown, match="other"):
        answer(desk, Question(["ada"], grant_id="other"), NOON)


def test_a_hold_keeps_the_end_that_it_was_given(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    (first,) = answer(desk, Question(["ada"]), NOON)
    (later,) = answer(desk, Question(["ada"]), NOON + timedelta(days=3))
    assert later.held_until == first.held_until == NOON + WEEK


def test_a_hold_whose_time_is_up_is_over_even_if_nobody_released_it_yet(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    action(desk, NOON)
    assert action(desk, NOON + WEEK) == "allow"
    assert told(desk)[-1] == ("ada-g", "grant.release")


def test_a_released_hold_does_not_return_on_the_same_evidence(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    action(desk, NOON)
    expire(desk.database, NOON + WEEK)
    assert action(desk, NOON + WEEK + timedelta(hours=1)) == "allow"


def test_a_released_hold_returns_on_new_evidence(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    action(desk, NOON)
    expire(desk.database, NOON + WEEK)
    keep("ada", chargebacks=2)
    assert action(desk, NOON + WEEK + timedelta(hours=1)) == "hold"


def test_who_asks_and_who_works_never_decide_the_same_change_twice(desk: Desk, keep: Keep) -> None:
    names = [f"account-{i}" for i in range(6)]
    for name in names:
        keep(name, chargebacks=1)
    with ThreadPoolExecutor(4) as pool:
        work: list[Future[str] | Future[int]] = [pool.submit(action, desk, NOON, name) for name in names]
        work += [pool.submit(settle, desk, NOON) for _ in range(3)]
        for future in work:
            future.result()
    assert sorted(told(desk)) == sorted((f"{name}-g", "grant.hold") for name in names)


def test_a_decision_stands_as_it_was_taken(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    (decision,) = answer(desk, Question(["ada"]), NOON)
    with desk.database.connection() as connection:
        assert find_standing(connection, "ada")[0].decision_id == decision.decision_id
