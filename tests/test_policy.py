"""When credit is held, allowed, revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from grantguard.contract import TIME
from grantguard.policy import Rules, decide

NOW = datetime(2025, 5, 1, tzinfo=UTC)
CALM: dict[str, Any] = {
    "at": NOW,
    "status": "scored",
    "p_ever": 0.4,
    "p_conduct": 0.5,
    "p_identity": 0.5,
    "p_money": 0.5,
    "payments": 0,
    "taken_back": False,
    "chargebacks": 0,
    "age_days": 20.0,
    "verdict": None,
    "labelled_at": None,
    "accusers": 0,
    "multiplier_gain": None,
    "threshold_hugging": None,
    "promo_credits_left": 30.0,
}
RARE: dict[str, Any] = {"p_ever": 0.001, "p_conduct": 0.01, "p_identity": 0.02}


def decided(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    optional = ("multiplier_gain", "threshold_hugging", "p_ever")
    types: dict[str, pl.DataType] = {"at": TIME, "labelled_at": TIME, "verdict": pl.String()}
    types |= dict.fromkeys(optional, pl.Float64())
    return decide(pl.DataFrame([CALM | changes], schema_overrides=types)).row(0, named=True)


def test_the_ordinary_is_allowed() -> None:
    assert decided()["action"] == "allow"


def test_the_rare_with_two_kinds_of_evidence_is_held() -> None:
    assert decided(**RARE)["action"] == "hold"


def test_one_kind_of_evidence_does_not_hold() -> None:
    assert decided(**RARE | {"p_identity": 0.5})["action"] == "allow"


def test_two_kinds_of_evidence_alone_do_not_hold() -> None:
    assert decided(**RARE | {"p_ever": 0.01})["action"] == "allow"


@pytest.mark.parametrize("kinds", [("conduct", "money"), ("identity", "money"), ("conduct", "identity")])
def test_any_two_kinds_will_do(kinds: tuple[str, str]) -> None:
    assert decided(p_ever=0.001, **{f"p_{kind}": 0.01 for kind in kinds})["action"] == "hold"


def test_good_faith_raises_the_bar() -> None:
    assert decided(**RARE | {"p_ever": 0.004})["action"] == "hold"
    assert decided(**RARE | {"p_ever": 0.004, "payments": 3})["action"] == "allow"


def test_money_taken_back_is_no_good_faith() -> None:
    assert decided(**RARE | {"p_ever": 0.004, "payments": 3, "taken_back": True})["action"] == "hold"


def test_a_chargeback_holds_and_asks() -> None:
    assert decided(chargebacks=1)["action"] == "hold"


def test_arbitrage_far_beyond_needs_one_kind_alone() -> None:
    far = {"multiplier_gain": 3.4, "threshold_hugging": 0.95}
    assert decided(p_ever=0.001, p_conduct=0.001, **far)["action"] == "hold"


def test_long_documents_are_no_arbitrage() -> None:
    long = {"multiplier_gain": 3.4, "threshold_hugging": 0.1}
    assert decided(p_ever=0.001, p_conduct=0.001, **long)["action"] == "allow"


def test_too_little_history_is_no_ground() -> None:
    assert decided(**RARE | {"status": "too_little_history", "p_ever": None})["action"] == "allow"


def test_only_a_person_revokes() -> None:
    worst = {"p_ever": 1e-6, "p_conduct": 1e-6, "p_identity": 1e-6, "p_money": 1e-6, "chargebacks": 9}
    assert decided(**worst)["action"] == "hold"
    assert decided(verdict="abuse", labelled_at=NOW)["action"] == "revoke"


def test_a_verdict_of_genuine_outranks_the_machine() -> None:
    assert decided(**RARE, verdict="genuine", labelled_at=NOW - timedelta(days=60))["action"] == "allow"


def test_a_verdict_ages() -> None:
    assert decided(**RARE, verdict="genuine", labelled_at=NOW - timedelta(days=91))["action"] == "hold"


def test_above_a_sum_it_takes_two_persons_to_revoke() -> None:
    costly = {"verdict": "abuse", "labelled_at": NOW, "promo_credits_left": 1_000.0}
    assert decided(**costly, accusers=1)["action"] == "hold"
    assert decided(**costly, accusers=2)["action"] == "revoke"


def test_a_victim_is_held_and_not_revoked() -> None:
    assert decided(verdict="compromised", labelled_at=NOW)["action"] == "hold"


def test_a_hold_says_when_it_ends() -> None:
    assert decided(**RARE)["held_until"] == NOW + timedelta(days=Rules().hold_days)


def test_an_allowed_grant_is_held_until_nothing() -> None:
    assert decided()["held_until"] is None


def test_a_newcomer_is_asked_about_daily() -> None:
    assert decided(age_days=1.0)["recheck_at"] == NOW + timedelta(days=1)


def test_the_next_question_comes_before_the_credit_is_gone() -> None:
    assert 0 < decided()["recheck_credits"] < 30.0


def test_a_newcomers_credit_is_let_go_in_tranches() -> None:
    assert decided(age_days=1.0)["tranche"] == pytest.approx(6.0)


@pytest.mark.parametrize("changes", [{"age_days": 7.0}, {"age_days": 1.0, "verdict": "genuine", "labelled_at": NOW}])
def test_who_is_no_newcomer_or_is_vouched_for_is_let_have_all(changes: dict[str, Any]) -> None:
    assert decided(**changes)["tranche"] is None


def test_a_changed_number_is_another_version_of_the_rules() -> None:
    assert Rules().version != Rules(budget=0.006).version
