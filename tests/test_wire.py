"""A decision is told in one way, and nothing of it is lost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from grantguard.vocabulary import Decision, Notice, Reason, Recheck, Support, Tranche
from grantguard.wire import read_tranche, tell, tell_notice, tell_time, told

AT = datetime(2025, 5, 1, tzinfo=UTC)
HOLD = Decision(
    "d1", "a1", ("g1", "g2"), AT, "hold", enforced=True, status="scored", risk=0.9, p_value=0.001, held_until=None,
    recheck=Recheck(None, None), reasons=(), support=Support(9, 2, ()), promo_credits_spent=5.0, promo_credits_left=5.0,
    model_version="m", rules_version="r",
)  # fmt: skip
DECISION = TypeAdapter(Decision)
NOTICE = Notice("msg_1", "grant.hold", AT, HOLD, "g1", 3)

moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
numbers = st.floats(allow_nan=False, allow_infinity=False)
reasons = st.builds(Reason, value=numbers, typical=st.none() | numbers, percentile=numbers, contribution=numbers)
decisions = st.builds(
    Decision,
    grants=st.lists(st.text(min_size=1)).map(tuple),
    at=moments,
    risk=st.none() | numbers,
    p_value=st.none() | numbers,
    held_until=st.none() | moments,
    recheck=st.builds(Recheck, st.none() | numbers, st.none() | moments),
    reasons=st.lists(reasons, max_size=5).map(tuple),
    support=st.builds(Support),
    promo_credits_spent=numbers,
    promo_credits_left=numbers,
)


@given(decisions)
def test_what_is_told_is_the_whole_decision(decision: Decision) -> None:
    assert DECISION.validate_json(json.dumps(told(decision), allow_nan=False)) == decision


@given(decisions)
def test_times_end_in_z(decision: Decision) -> None:
    assert told(decision)["at"].endswith("Z")


@given(decisions, st.sampled_from([float("nan"), float("inf")]))
def test_a_number_that_json_cannot_say_is_not_known(decision: Decision, strange: float) -> None:
    object.__setattr__(decision, "risk", strange)
    assert told(decision)["risk"] is None


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_told_as_null(value: float) -> None:
    assert tell({"value": [value]}) == {"value": [None]}


def test_the_body_says_what_when_and_in_which_order() -> None:
    body = tell_notice(NOTICE)
    assert {name: body[name] for name in ("type", "timestamp", "sequence")} == {
        "type": "grant.hold",
        "timestamp": "2025-05-01T00:00:00Z",
        "sequence": 3,
    }


def test_the_decision_names_the_grant_that_the_notice_is_about() -> None:
    assert tell_notice(NOTICE)["data"] == told(replace(HOLD, grants=("g1",)))


def test_a_verdict_is_told_with_the_whole_decision() -> None:
    verdict = tell_notice(replace(NOTICE, kind="account.verdict", grant_id=None, verdict="compromised"))
    assert (verdict["verdict"], verdict["data"]) == ("compromised", told(HOLD))


@pytest.mark.parametrize("tranche", [Tranche(12.5, AT), Tranche(None, None)])
def test_a_tranche_is_read_as_it_was_told(tranche: Tranche) -> None:
    body = json.loads(json.dumps(tell_notice(replace(NOTICE, kind="grant.release", tranche=tranche))))
    assert read_tranche(body["tranche"]) == tranche


def test_a_notice_without_a_tranche_says_nothing_of_one() -> None:
    assert "tranche" not in tell_notice(NOTICE)


@pytest.mark.parametrize("hours", [0, 5, -8])
def test_a_time_is_told_in_utc(hours: int) -> None:
    moment = datetime(2025, 5, 1, 12, tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    assert tell_time(moment) == "2025-05-01T12:00:00Z"
