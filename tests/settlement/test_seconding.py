"""Above a sum a revocation waits for a second person, who is not the first; both stand in the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from grantguard.errors import NothingWaits, SecondPersonNeeded
from grantguard.settlement import Desk, Judgement, confirm, decline, expire, judge
from grantguard.store.audit import read_audit
from grantguard.store.revocations import Revocation, revocations_of, settle_revocation, waiting_revocations
from grantguard.store.standing import find_standing
from grantguard.vocabulary import Label

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Keep = Callable[..., None]


def say(desk: Desk, verdict: Label = "abuse", person: str = "grace", now: datetime = NOON) -> str:
    about = Judgement(("ada",), None, verdict, "burst_farming", "looked at it")
    (decision,) = judge(desk, about, person, now)
    return decision.action


def waiting(desk: Desk) -> tuple[Revocation, ...]:
    with desk.database.statement() as connection:
        return waiting_revocations(connection, 10)


def ends(desk: Desk) -> list[tuple[str | None, str | None]]:
    with desk.database.statement() as connection:
        return [(each.outcome, each.settled_by) for each in revocations_of(connection, "ada")]


def trail(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.statement() as connection:
        lines = read_audit(connection, 10, "ada")
    return [(line.actor, line.action) for line in lines]


def test_above_a_sum_a_revocation_waits_with_its_credits(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    (asked,) = waiting(desk)
    assert (asked.account_id, asked.asked_by, asked.technique) == ("ada", "grace", "burst_farming")
    assert asked.credits == pytest.approx(497, abs=1)


def test_below_the_sum_nothing_waits(desk: Desk, keep: Keep) -> None:
    keep("ada")
    say(desk)
    assert waiting(desk) == ()


@pytest.mark.parametrize("verdict", ["genuine", "compromised"])
def test_only_abuse_asks_for_a_revocation(desk: Desk, keep: Keep, verdict: Label) -> None:
    keep("ada", given_credits=500.0)
    say(desk, verdict)
    assert waiting(desk) == ()


def test_another_person_confirms_and_it_is_revoked(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    assert confirm(desk, "ada", "alan", "I agree", NOON + HOUR).action == "revoke"
    assert (waiting(desk), ends(desk)) == ((), [("confirmed", "alan")])


def test_a_second_verdict_of_abuse_is_a_confirmation(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    assert say(desk, person="alan", now=NOON + HOUR) == "revoke"
    assert ends(desk) == [("confirmed", "alan")]


def test_who_asked_cannot_confirm(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    with pytest.raises(SecondPersonNeeded, match="somebody else"):
        confirm(desk, "ada", "grace", "I agree with myself", NOON + HOUR)
    assert len(waiting(desk)) == 1


def test_the_database_refuses_a_confirmation_by_who_asked(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    with pytest.raises(psycopg.errors.CheckViolation), desk.database.connection() as connection:
        settle_revocation(connection, "ada", "confirmed", "grace", "", NOON)


def test_who_asked_and_says_it_again_goes_on_waiting(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    assert say(desk, now=NOON + HOUR) == "hold"
    assert [each.asked_at for each in waiting(desk)] == [NOON]


def test_what_is_declined_stays_held_until_its_end(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    decline(desk.database, "ada", "alan", "a class, I think", NOON + HOUR)
    with desk.database.statement() as connection:
        (grant,) = find_standing(connection, "ada")
    assert (grant.action, ends(desk)) == ("hold", [("declined", "alan")])
    (released,) = expire(desk.database, NOON + timedelta(days=8))
    assert released.action == "allow"


def test_who_asked_can_take_it_back(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    decline(desk.database, "ada", "grace", "too soon", NOON + HOUR)
    assert ends(desk) == [("withdrawn", "grace")]


def test_a_verdict_of_genuine_declines_and_releases(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    assert say(desk, "genuine", "alan", NOON + HOUR) == "allow"
    assert ends(desk) == [("declined", "alan")]


def test_what_was_answered_counts_no_more(desk: Desk, keep: Keep) -> None:
    """Grace said abuse, Edsger that it is genuine: Alan's abuse is the first again."""
    keep("ada", given_credits=500.0)
    say(desk)
    say(desk, "genuine", "edsger", NOON + HOUR)
    assert say(desk, person="alan", now=NOON + 2 * HOUR) == "hold"
    assert [each.asked_by for each in waiting(desk)] == ["alan"]


def test_nothing_that_does_not_wait_can_be_confirmed_or_declined(desk: Desk, keep: Keep) -> None:
    keep("ada")
    with pytest.raises(NothingWaits):
        confirm(desk, "ada", "alan", "", NOON)
    with pytest.raises(NothingWaits):
        decline(desk.database, "ada", "alan", "", NOON)


def test_the_audit_trail_tells_both(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk)
    confirm(desk, "ada", "alan", "I agree", NOON + HOUR)
    assert trail(desk) == [("alan", "revocation.confirmed"), ("grace", "revocation.asked")]


def test_a_verdict_on_those_picked_of_a_ring_leaves_the_others(desk: Desk, keep: Keep) -> None:
    for name in ("ada", "bob"):
        keep(name)
    decisions = judge(desk, Judgement(("ada",), "ring:ada", "abuse", None, "one of two"), "grace", NOON)
    assert [each.account_id for each in decisions] == ["ada"]
