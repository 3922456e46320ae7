"""The statement of reasons: what was done and how to object for the account holder, every number for the house."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.signals import CATALOGUE
from grantguard.statement import Said, tell_holder, tell_house
from grantguard.vocabulary import FAMILIES, Action, Decision, Label, Reason, Recheck, Support

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
REASON = Reason("gap_variation", "tempo", 0.02, "ratio", 1.1, 0.999, 1.5, "gaps vary by only 2%")
HOLD = Decision(
    decision_id="d1",
    account_id="ada",
    grants=("g1", "g2"),
    at=NOON,
    action="hold",
    enforced=True,
    status="scored",
    risk=0.9731,
    p_value=0.00123,
    held_until=NOON.replace(day=17),
    recheck=Recheck(12.5, NOON),
    reasons=(REASON,),
    support=Support(4217, 33, ("links",)),
    promo_credits_spent=37.5,
    promo_credits_left=62.25,
    model_version="m-20250529",
    rules_version="r-0badcafe",
)
ACTIONS = st.sampled_from(["hold", "revoke", "allow"])
LABELS = st.sampled_from([None, "abuse", "genuine", "compromised"])
ENDS = st.sampled_from([None, "overturned", "upheld"])
SIGNALS = st.sampled_from([each.name for each in CATALOGUE])


@given(ACTIONS, LABELS, ENDS, SIGNALS, st.floats(1000, 1e6), st.floats(0, 1))
def test_the_account_holder_learns_nothing_of_what_was_seen(
    action: Action, verdict: Label | None, end: str | None, signal: str, value: float, risk: float
) -> None:
    reason = replace(REASON, signal=signal, value=value, typical=value / 3, text=f"{signal} came to {value}")
    told = tell_holder(replace(HOLD, action=action, reasons=(reason,), risk=risk), verdict, end)
    assert signal not in told
    assert not {signal.replace("_", " "), *FAMILIES} & set(re.findall(r"[a-z ]+", told))
    numbers = {float(each) for each in re.findall(r"\d+(?:\.\d+)?", re.sub(r"\d+ May 2025|g\d", "", told))}
    assert numbers == set()


def test_the_account_holder_is_told_what_was_done_to_which_grants_and_until_when() -> None:
    told = tell_holder(HOLD, None)
    assert "paused" in told
    assert "since 10 May 2025 (g1, g2)" in told
    assert "ends by itself on 17 May 2025" in told


def test_the_account_holder_is_told_how_to_object() -> None:
    assert "a person will look again" in tell_holder(HOLD, None)


@pytest.mark.parametrize(("verdict", "said"), [(None, "found automatically"), ("abuse", "A person has looked at it")])
def test_the_account_holder_is_told_whether_a_person_looked(verdict: Label | None, said: str) -> None:
    assert said in tell_holder(HOLD, verdict)


def test_a_victim_is_not_accused() -> None:
    told = tell_holder(HOLD, "compromised")
    assert "you have done nothing wrong" in told
    assert "does not look like" not in told


@pytest.mark.parametrize(("end", "said"), [("overturned", "agrees with you"), ("upheld", "the decision stands")])
def test_the_end_of_an_appeal_is_told(end: str, said: str) -> None:
    assert said in tell_holder(HOLD, None, end)


def test_who_was_right_is_not_accused_again() -> None:
    told = tell_holder(HOLD, "abuse", "overturned")
    assert "does not look like" not in told
    assert "paused" not in told


def test_the_house_keeps_every_number() -> None:
    told = tell_house(HOLD, (Said("abuse", "grace", NOON, "twelve on one device"),))
    for part in ("0.973", "0.00123", "gap_variation", "gaps vary by only 2%", "1.1", "m-20250529", "grace", "twelve"):
        assert part in told


def test_the_house_can_tell_what_was_never_scored() -> None:
    told = tell_house(replace(HOLD, risk=None, p_value=None, reasons=(replace(REASON, typical=None),)), ())
    assert "not scored" in told
    assert "most others have none" in told
