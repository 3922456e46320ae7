"""A decision is told in one way, and nothing of it is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.vocabulary import Decision, Reason, Recheck, Support
from grantguard.wire import DECISION, tell_time, told

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


@pytest.mark.parametrize("hours", [0, 5, -8])
def test_a_time_is_told_in_utc(hours: int) -> None:
    moment = datetime(2025, 5, 1, 12, tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    assert tell_time(moment) == "2025-05-01T12:00:00Z"
