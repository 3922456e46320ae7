"""JSON as the contract has it."""

from __future__ import annotations

import json
import math

import pytest

from grantguard.store.telling import tell, tell_decision
from grantguard.vocabulary import Decision


def test_times_are_told_in_utc(hold: Decision) -> None:
    assert tell_decision(hold)["held_until"] == "2025-05-17T12:00:00Z"


def test_a_decision_is_told_in_the_contracts_words(hold: Decision) -> None:
    told = json.loads(json.dumps(tell_decision(hold), allow_nan=False))
    assert told["grants"] == ["g1", "g2"]
    assert told["support"] == {"events": 420, "days": 3, "missing_families": ["links"]}
    assert told["recheck"] == {"after_credits": 12.5, "after_at": "2025-05-11T12:00:00Z"}


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_told_as_null(value: float) -> None:
    assert tell({"value": [value]}) == {"value": [None]}
