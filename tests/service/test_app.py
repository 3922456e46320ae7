"""The service: a decision about a history that is sent along, and problems that name the field."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from grantguard.forest import Bundle
from grantguard.service import create_app

ACCOUNT = {"account_id": "a1", "created_at": "2025-05-01T00:00:00Z", "plan": "free"}
GRANT = {
    "grant_id": "g1",
    "account_id": "a1",
    "campaign": "welcome",
    "kind": "starter",
    "granted_at": "2025-05-01T00:00:00Z",
    "credits": 40,
}


def event(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
    row: dict[str, Any] = {
        "event_id": f"e{number}",
        "account_id": "a1",
        "occurred_at": f"2025-05-02T10:{number:02d}:00Z",
    }
    row |= {"category": "standard_chat", "input_tokens": 100, "output_tokens": 50, "credits": 0.5}
    return row | {"status": "ok", "grant_id": "g1"} | changes


@pytest.fixture(scope="module")
def client(bundle: Bundle) -> TestClient:
    return TestClient(create_app(bundle))


def ask(client: TestClient, **history: Any) -> Any:  # noqa: ANN401 - an answer
    return client.post("/v1/risk/history", json={"account": ACCOUNT, "grants": [GRANT]} | history)


def test_it_answers_that_it_answers(client: TestClient, bundle: Bundle) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "model_version": bundle.version}


def test_its_documentation_is_there(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    assert client.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_a_history_gives_a_decision(client: TestClient) -> None:
    decision = ask(client, usage=[event(i) for i in range(40)]).json()
    assert decision["action"] in ("allow", "hold")
    assert decision["grants"] == ["g1"]
    assert decision["promo_credits_left"] == 20.0


def test_a_decision_has_the_contracts_fields(client: TestClient) -> None:
    assert set(ask(client).json()) == {
        "decision_id", "account_id", "grants", "at", "action", "enforced", "status", "risk", "p_value", "held_until",
        "recheck", "reasons", "support", "promo_credits_spent", "promo_credits_left", "model_version", "rules_version",
    }  # fmt: skip


def test_an_account_without_usage_is_allowed(client: TestClient) -> None:
    assert ask(client).json()["action"] == "allow"


def test_nothing_after_at_is_read(client: TestClient) -> None:
    usage = [event(i) for i in range(40)]
    assert ask(client, usage=usage, at="2025-05-02T10:09:30Z").json()["promo_credits_spent"] == 5.0


@pytest.mark.parametrize(
    ("usage", "pointer"),
    [
        ([event(0), event(1, credits=-1)], "/usage/1/credits"),
        ([event(0, status="done")], "/usage/0/status"),
        ([event(0, account_id=None)], "/usage/0/account_id"),
        ([event(0, occurred_at="soon")], "/usage/0/occurred_at"),
    ],
)
def test_a_refused_field_is_named_by_its_pointer(client: TestClient, usage: list[Any], pointer: str) -> None:
    answer = ask(client, usage=usage)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_a_request_of_another_shape_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/risk/history", json={"account": "a1"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/account"


def test_an_unknown_route_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_grant_of_another_account_is_refused(client: TestClient) -> None:
    answer = ask(client, grants=[GRANT | {"account_id": "a2"}], usage=[event(0)])
    assert answer.json()["errors"][0]["pointer"] == "/usage/0/grant_id"
