"""What people do over HTTP: the queue, a verdict, a second person, a promotion; and what there is to watch."""

from __future__ import annotations

from typing import Any

import pytest

from grantguard.forest import Bundle, RiskForest, pack
from grantguard.service import Deployment
from grantguard.store.audit import read_audit
from grantguard.store.database import Database
from grantguard.store.keys import create_key

Sender = Any
"""Of tests/conftest.py."""


def judge(sender: Sender, verdict: str = "abuse", **about: Any) -> Any:  # noqa: ANN401 - an answer
    said = {"account_ids": ["ada"], "verdict": verdict, "note": "looked at it"} | about
    return sender.post("review", "/v1/verdicts", said)


def test_a_queue_lists_those_who_were_scored(sender: Sender) -> None:
    sender.keep("ada")
    sender.post("risk", "/v1/risk", {"account_id": "ada"})
    (row,) = sender.get("review", "/v1/queue").json()["queue"]
    assert (row["rank"], row["account_id"]) == (1, "ada")


def test_who_has_a_verdict_is_not_asked_about_again(sender: Sender) -> None:
    sender.keep("ada")
    judge(sender)
    assert sender.get("review", "/v1/queue").json()["queue"] == []


def test_a_person_revokes(sender: Sender) -> None:
    sender.keep("ada")
    told = judge(sender).json()
    assert [each["action"] for each in told["decisions"]] == ["revoke"]
    assert told["second_person_needed"] == []


def test_above_a_sum_a_second_person_is_asked_for(sender: Sender, database: Database) -> None:
    sender.keep("ada", given=500.0)
    assert judge(sender).json()["second_person_needed"] == ["ada"]
    with database.connection() as connection:
        sender.keys["review"] = create_key(connection, "alan", ["review"], sender.noon)
    assert judge(sender).json()["decisions"][0]["action"] == "revoke"


def test_a_verdict_names_accounts_or_a_ring(sender: Sender) -> None:
    assert judge(sender, ring_id="ring:ada").status_code == 422
    assert judge(sender, account_ids=None).status_code == 422


def test_a_verdict_on_nobody_is_not_found(sender: Sender) -> None:
    assert judge(sender, account_ids=["nobody"]).status_code == 404


def test_a_promotion_is_on_the_shelf_and_in_the_audit_trail(
    sender: Sender, deployment: Deployment, trained: tuple[Bundle, RiskForest], database: Database
) -> None:
    version = trained[0].version
    deployment.shelf.keep(version, pack(*trained))
    told = sender.post("admin", f"/v1/models/{version}/promote", {"why": "the first"}).json()
    assert (told["in_charge"], told["enforce"]) == (version, False)
    with database.connection() as connection:
        (entry,) = read_audit(connection, 1)
    assert (entry.actor, entry.action, entry.subject) == ("key of admin", "model.promoted", version)


def test_a_model_of_simulated_accounts_does_not_enforce(
    sender: Sender, deployment: Deployment, trained: tuple[Bundle, RiskForest], database: Database
) -> None:
    bundle = trained[0]
    bundle.card["reference"], was = "simulated", bundle.card["reference"]
    deployment.shelf.keep(bundle.version, pack(*trained))
    answer = sender.post("admin", f"/v1/models/{bundle.version}/promote", {"why": "now", "enforce": True})
    bundle.card["reference"] = was
    assert answer.status_code == 409
    with database.connection() as connection:
        assert all(entry.action == "key.created" for entry in read_audit(connection, 9))


def test_a_version_that_is_not_there_is_not_found(sender: Sender) -> None:
    assert sender.post("admin", "/v1/models/m0/promote", {"why": "x"}).status_code == 404


def test_it_is_ready_when_database_and_model_are(sender: Sender) -> None:
    assert sender.client.get("/readyz").json() == {"ready": True, "database": "ok", "model": "ok"}


def test_it_is_not_ready_while_migrations_wait(sender: Sender, database: Database) -> None:
    with database.connection() as connection:
        connection.execute("DELETE FROM migrations WHERE name LIKE '0007%'")
    answer = sender.client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


@pytest.mark.parametrize(
    "line",
    [
        'grantguard_ingested_rows_total{fate="accepted",table="usage"} 30.0',
        'grantguard_decisions_total{action="hold"} 1.0',
        'grantguard_standing_grants{action="hold"} 1.0',
        "grantguard_outbox_messages 1.0",
        "grantguard_marked_accounts 0.0",
    ],
)
def test_what_there_is_to_watch_is_told(sender: Sender, line: str) -> None:
    sender.keep("ada", chargebacks=1)
    sender.post("risk", "/v1/risk", {"account_id": "ada"})
    assert line in sender.get("admin", "/metrics").text.splitlines()


def test_no_metric_names_an_account(sender: Sender) -> None:
    sender.keep("ada", chargebacks=1)
    sender.post("risk", "/v1/risk", {"account_id": "ada"})
    sender.get("risk", "/v1/accounts/ada/risk")
    assert "ada" not in sender.get("admin", "/metrics").text.replace("grada", "")
