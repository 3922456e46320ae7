"""A person's verdict outranks the machine, at once; above a sum it takes two to revoke."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grantguard.errors import AccountUnknown, RingUnknown
from grantguard.settlement import Desk, Judgement, Question, answer, judge, settle
from grantguard.store.audit import read_audit
from grantguard.store.risks import find_risk, keep_risks
from grantguard.store.verdicts import verdicts_of
from grantguard.vocabulary import Label

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Keep = Callable[..., None]


def say(verdict: Label, *names: str) -> Judgement:
    return Judgement(names or ("ada",), None, verdict, None, "looked at it")


def test_abuse_revokes(desk: Desk, keep: Keep) -> None:
    keep("ada")
    (decision,) = judge(desk, say("abuse"), "grace", NOON)
    assert decision.action == "revoke"


def test_above_a_sum_one_person_only_holds(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    (decision,) = judge(desk, say("abuse"), "grace", NOON)
    assert decision.action == "hold"


def test_above_a_sum_a_second_person_revokes(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    judge(desk, say("abuse"), "grace", NOON)
    (decision,) = judge(desk, say("abuse"), "alan", NOON + HOUR)
    assert decision.action == "revoke"


def test_the_same_person_twice_is_one_person(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    judge(desk, say("abuse"), "grace", NOON)
    (decision,) = judge(desk, say("abuse"), "grace", NOON + HOUR)
    assert decision.action == "hold"


def test_genuine_releases_a_hold(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    settle(desk, NOON)
    (decision,) = judge(desk, say("genuine"), "grace", NOON + HOUR)
    assert decision.action == "allow"


def test_what_a_person_revoked_no_machine_gives_back(desk: Desk, keep: Keep) -> None:
    keep("ada")
    judge(desk, say("abuse"), "grace", NOON)
    (later,) = answer(desk, Question(["ada"]), NOON + timedelta(days=100))
    assert later.action == "revoke"


def test_a_person_can_give_back_what_a_person_revoked(desk: Desk, keep: Keep) -> None:
    keep("ada")
    judge(desk, say("abuse"), "grace", NOON)
    (decision,) = judge(desk, say("genuine"), "alan", NOON + HOUR)
    assert decision.action == "allow"


def test_the_ledger_is_told_of_the_verdict(desk: Desk, keep: Keep) -> None:
    keep("ada")
    judge(desk, say("compromised"), "grace", NOON)
    with desk.database.connection() as connection:
        told = connection.execute("SELECT body ->> 'verdict' FROM outbox WHERE type = 'account.verdict'").fetchall()
    assert told == [("compromised",)]


def test_a_verdict_is_kept_with_its_person_and_audited(desk: Desk, keep: Keep) -> None:
    keep("ada")
    judge(desk, say("genuine"), "grace", NOON)
    with desk.database.connection() as connection:
        (verdict,) = verdicts_of(connection, "ada")
        (entry,) = read_audit(connection, 1)
    assert (verdict.reviewer, entry.actor, entry.action) == ("grace", "grace", "verdict.genuine")


def test_a_verdict_on_a_ring_speaks_for_its_members(desk: Desk, keep: Keep) -> None:
    for name in ("ada", "bob"):
        keep(name)
    settle(desk, NOON)
    with desk.database.connection() as connection:
        rated = [find_risk(connection, name) for name in ("ada", "bob")]
        keep_risks(connection, [replace(each, ring_id="ring:ada") for each in rated if each is not None])
    decisions = judge(desk, Judgement((), "ring:ada", "abuse", None, "one hand"), "grace", NOON + HOUR)
    assert [(each.account_id, each.action) for each in decisions] == [("ada", "revoke"), ("bob", "revoke")]


def test_a_ring_in_which_nobody_stands_is_named(desk: Desk) -> None:
    with pytest.raises(RingUnknown, match="ring:x"):
        judge(desk, Judgement((), "ring:x", "abuse", None, ""), "grace", NOON)


def test_a_verdict_on_an_unknown_account_is_not_kept(desk: Desk) -> None:
    with pytest.raises(AccountUnknown):
        judge(desk, say("abuse", "nobody"), "grace", NOON)
    with desk.database.connection() as connection:
        assert verdicts_of(connection, "nobody") == ()
