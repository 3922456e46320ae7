"""What a ledger cannot do is refused with its reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grantguard.ledgers.refusing import refuse
from grantguard.vocabulary import Capabilities, Decision, Notice, NoticeKind, Outcome, Recheck, Support

AT = datetime(2025, 5, 1, tzinfo=UTC)
DECISION = Decision(
    "d1", "a1", ("g1",), AT, "hold", enforced=True, status="scored", risk=0.9, p_value=0.001, held_until=None,
    recheck=Recheck(None, None), reasons=(), support=Support(9, 2, ()), promo_credits_spent=5.0, promo_credits_left=5.0,
    model_version="m", rules_version="r",
)  # fmt: skip
NOTHING = Capabilities(can_hold=False, can_release=False, can_revoke=False, otherwise="it only looks on")
ALL = Capabilities(can_hold=True, can_release=True, can_revoke=True)


def notice(kind: NoticeKind) -> Notice:
    return Notice("n1", kind, AT, DECISION, "g1", 1)


@pytest.mark.parametrize("kind", ["grant.hold", "grant.release", "grant.revoke"])
def test_what_it_cannot_is_refused_with_the_reason(kind: NoticeKind) -> None:
    verb = kind.removeprefix("grant.")
    assert refuse(notice(kind), NOTHING) == Outcome("refused", f"cannot {verb} a grant: it only looks on")


@pytest.mark.parametrize("kind", ["grant.hold", "grant.release", "grant.revoke", "account.verdict"])
def test_what_it_can_is_not(kind: NoticeKind) -> None:
    assert refuse(notice(kind), ALL) is None


def test_a_verdict_needs_no_verb() -> None:
    assert refuse(notice("account.verdict"), NOTHING) is None
