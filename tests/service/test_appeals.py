"""An appeal over HTTP: into the inbox, and back with a statement that teaches nothing."""

from __future__ import annotations

from typing import Any

import pytest

from grantguard.service import Deployment
from grantguard.settlement import overturn
from grantguard.store.appeals import find_appeal

Sender = Any
"""Of tests/conftest.py."""


@pytest.fixture
def made(sender: Sender) -> dict[str, Any]:
    """Ada's grant is held, and she objects."""
    sender.keep("ada", chargebacks=1)
    sender.post("risk", "/v1/risk", {"account_id": "ada"})
    said = "The card was lost. Write to ada@example.org, I sit at 192.0.2.7."
    told: dict[str, Any] = sender.post("risk", "/v1/appeals", {"account_id": "ada", "message": said}).json()
    return told


def test_an_appeal_is_open_with_its_statement(made: dict[str, Any]) -> None:
    assert (made["status"], made["settled_at"]) == ("open", None)
    assert "paused" in made["statement"]


def test_no_address_is_kept(made: dict[str, Any], deployment: Deployment) -> None:
    with deployment.desk.database.statement() as connection:
        kept = find_appeal(connection, made["appeal_id"])
    assert kept is not None
    assert kept.message == "The card was lost. Write to [address], I sit at [address]."


def test_how_it_ended_can_be_asked(made: dict[str, Any], sender: Sender, deployment: Deployment) -> None:
    overturn(deployment.desk, made["appeal_id"], "alan", "secret of the house", deployment.clock())
    told = sender.get("risk", f"/v1/appeals/{made['appeal_id']}").json()
    assert told["status"] == "overturned"
    assert "given back" in told["statement"]
    assert "secret of the house" not in told["statement"]


def test_a_repeat_is_the_appeal_that_is_open(made: dict[str, Any], sender: Sender) -> None:
    again = sender.post("risk", "/v1/appeals", {"account_id": "ada", "message": "well?"}).json()
    assert again["appeal_id"] == made["appeal_id"]


def test_where_nothing_is_stopped_there_is_a_conflict(sender: Sender) -> None:
    sender.keep("bob")
    assert sender.post("risk", "/v1/appeals", {"account_id": "bob", "message": "why?"}).status_code == 409


@pytest.mark.parametrize("scope", ["ingest", "review", "admin"])
def test_another_scope_is_refused(sender: Sender, scope: str) -> None:
    assert sender.post(scope, "/v1/appeals", {"account_id": "ada", "message": "why?"}).status_code == 403


def test_nobodys_appeal_is_not_found(sender: Sender) -> None:
    assert sender.post("risk", "/v1/appeals", {"account_id": "nobody", "message": "why?"}).status_code == 404
    assert sender.get("risk", "/v1/appeals/a1").status_code == 404


def test_an_appeal_without_words_is_refused(sender: Sender) -> None:
    assert sender.post("risk", "/v1/appeals", {"account_id": "ada", "message": ""}).status_code == 422
