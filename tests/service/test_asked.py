"""A ledger asks: the answer is recorded, the same question under one key has one answer, and all can be looked up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from grantguard.store.database import Database

Sender = Any
"""Of tests/conftest.py."""

HELD = {"account_id": "ada"}


@pytest.fixture
def ledger(sender: Sender) -> Sender:
    """A sender who has sent an account that is held, and one that is not."""
    sender.keep("ada", chargebacks=1)
    sender.keep("eve")
    return sender


def ask(ledger: Sender, key: str | None = None, **asked: Any) -> Any:  # noqa: ANN401 - an answer
    return ledger.post("risk", "/v1/risk", HELD | asked, headers={} if key is None else {"Idempotency-Key": key})


def count(database: Database, table: str) -> int:
    with database.connection() as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 - a table's name
    assert found is not None
    return int(found[0])


def test_a_question_gets_the_contracts_decision(ledger: Sender) -> None:
    decision = ask(ledger).json()
    assert set(decision) == {
        "decision_id", "account_id", "grants", "at", "action", "enforced", "status", "risk", "p_value", "held_until",
        "recheck", "reasons", "support", "promo_credits_spent", "promo_credits_left", "model_version", "rules_version",
    }  # fmt: skip
    assert (decision["action"], decision["grants"], decision["enforced"]) == ("hold", ["ada-g"], False)


def test_a_decision_can_be_looked_up_as_it_was_taken_with_what_was_seen(ledger: Sender) -> None:
    decision = ask(ledger).json()
    found = ledger.get("risk", f"/v1/decisions/{decision['decision_id']}").json()
    assert found.items() >= decision.items()
    assert found["seen"]["facts"]["chargebacks"] == 1
    assert found["outcome"] is None


@pytest.mark.parametrize("again", ["k1", '"k1"'])
def test_the_same_key_gets_the_first_answer(ledger: Sender, database: Database, again: str) -> None:
    first = ask(ledger, "k1").json()
    ledger.keep("ada", chargebacks=2)
    answer = ask(ledger, again)
    assert answer.json() == first
    assert answer.headers["idempotency-replayed"] == "true"
    assert count(database, "decisions") == 1


def test_the_same_key_with_another_question_is_refused(ledger: Sender) -> None:
    ask(ledger, "k1")
    assert ask(ledger, "k1", account_id="eve").status_code == 422


def test_a_question_that_failed_leaves_its_key_free(ledger: Sender) -> None:
    assert ask(ledger, "k1", account_id="bob").status_code == 404
    ledger.keep("bob")
    assert ask(ledger, "k1", account_id="bob").status_code == 200


def test_many_at_once_under_one_key_are_decided_once(ledger: Sender, database: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = [future.result() for future in [pool.submit(ask, ledger, "k1") for _ in range(6)]]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert count(database, "decisions") == 1


def test_an_account_that_nobody_sent_is_not_found(ledger: Sender) -> None:
    answer = ask(ledger, account_id="nobody")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"account_id": ""}, "/account_id"),
        ({"account_id": "a\0"}, "/account_id"),
        ({"account_id": 5}, "/account_id"),
        ({"at": "2999-01-01T00:00:00Z"}, "/at"),
        ({"at": "2025-05-01T00:00:00"}, "/at"),
        ({"grant": "g1"}, "/grant"),
    ],
)
def test_a_field_that_is_wrong_is_named(ledger: Sender, asked: dict[str, Any], pointer: str) -> None:
    answer = ask(ledger, **asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_many_accounts_are_answered_in_the_order_asked(ledger: Sender) -> None:
    told = ledger.post("risk", "/v1/risk/batch", {"account_ids": ["eve", "ada", "eve"]}).json()["decisions"]
    assert [(each["account_id"], each["action"]) for each in told] == [("eve", "allow"), ("ada", "hold")]


def test_what_is_known_is_told_without_computing(ledger: Sender, database: Database) -> None:
    ask(ledger)
    known = ledger.get("risk", "/v1/accounts/ada/risk").json()
    assert (known["action"], known["waiting"]) == ("hold", False)
    assert 0 < known["age_seconds"] < 1
    assert [(each["grant_id"], each["action"]) for each in known["standing"]] == [("ada-g", "hold")]
    assert count(database, "decisions") == 1


def test_news_that_is_not_read_yet_is_told_as_waiting(ledger: Sender) -> None:
    ask(ledger)
    ledger.post("ingest", "/v1/usage", [ledger.event("ada", 99)])
    assert ledger.get("risk", "/v1/accounts/ada/risk").json()["waiting"]


def test_an_outcome_is_kept_once(ledger: Sender) -> None:
    path = f"/v1/decisions/{ask(ledger).json()['decision_id']}"
    said = {"status": "applied", "credits_affected": 12.5}
    assert ledger.post("risk", f"{path}/outcome", said).json() == {"recorded": True}
    assert ledger.post("risk", f"{path}/outcome", {"status": "refused"}).json() == {"recorded": False}
    assert ledger.get("risk", path).json()["outcome"]["status"] == "applied"


def test_an_outcome_of_no_decision_is_not_found(ledger: Sender) -> None:
    assert ledger.post("risk", "/v1/decisions/d0/outcome", {"status": "applied"}).status_code == 404
