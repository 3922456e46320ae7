"""A service with a store of the test's own, and a key of each scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from grantguard.forest import Bundle
from grantguard.policy import Rules
from grantguard.service import Deployment, Limits, create_app
from grantguard.settlement import Charge, Desk
from grantguard.sources.hashing import Hasher
from grantguard.store.database import Database
from grantguard.store.keys import create_key
from grantguard.store.shelf import Shelf

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
SCOPES = ("ingest", "risk", "review", "admin")


class Sender:
    """Who asks: a client with a key of every scope."""

    noon = NOON

    def __init__(self, client: TestClient, keys: dict[str, str]) -> None:
        self.client, self.keys = client, keys

    def bearer(self, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[scope]}"}

    def post(self, scope: str, path: str, json: Any = None, **more: Any) -> Any:  # noqa: ANN401 - JSON
        headers = self.bearer(scope) | more.pop("headers", {})
        body = {"json": json} if json is not None else {}
        return self.client.post(path, headers=headers, **body, **more)

    def get(self, scope: str, path: str) -> Any:  # noqa: ANN401 - an answer
        return self.client.get(path, headers=self.bearer(scope))

    def keep(self, name: str, *, events: int = 30, chargebacks: int = 0, given: float = 60.0) -> None:
        """Send an account's rows; with a chargeback it is held, whatever else is known."""
        opened = NOON - timedelta(days=2)
        for table, rows in {
            "accounts": [{"account_id": name, "created_at": opened.isoformat(), "plan": "free"}],
            "grants": [self.grant(name, credits=given)],
            "usage": [self.event(name, i) for i in range(events)],
            "billing": [self.charged_back(name, i) for i in range(chargebacks)],
        }.items():
            assert self.post("ingest", f"/v1/{table}", rows).status_code == 202

    @staticmethod
    def grant(name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
        given = (NOON - timedelta(days=2)).isoformat()
        row = {
            "account_id": name,
            "grant_id": f"{name}-g",
            "campaign": "welcome",
            "kind": "starter",
            "granted_at": given,
        }
        return row | {"credits": 60.0} | changes

    @staticmethod
    def event(name: str, number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
        when = NOON - timedelta(days=2) + timedelta(minutes=number)
        row: dict[str, Any] = {"event_id": f"e{number}", "account_id": name, "occurred_at": when.isoformat()}
        row |= {"category": "standard_chat", "input_tokens": 90, "output_tokens": 40, "credits": 0.1, "status": "ok"}
        return row | changes

    @staticmethod
    def charged_back(name: str, number: int) -> dict[str, Any]:
        when = (NOON - timedelta(days=1) + timedelta(minutes=number)).isoformat()
        row = {"billing_id": f"{name}-{number}", "account_id": name, "occurred_at": when}
        return row | {"kind": "chargeback", "amount_usd": 20.0}


@pytest.fixture
def limits() -> Limits:
    return Limits(rate=10_000.0, burst=10_000)


@pytest.fixture
def deployment(database: Database, bundle: Bundle, tmp_path: Path, limits: Limits) -> Deployment:
    shelf = Shelf(tmp_path)
    desk = Desk(database, Charge(bundle, shelf), Rules(second_person_above=100.0))
    ticks = count()
    return Deployment(
        desk,
        shelf,
        Hasher(b"a secret of the tests"),
        lambda: NOON + timedelta(milliseconds=next(ticks)),
        limits=limits,
    )


@pytest.fixture
def keys(database: Database) -> dict[str, str]:
    with database.connection() as connection:
        return {scope: create_key(connection, f"key of {scope}", [scope], NOON) for scope in SCOPES}


@pytest.fixture
def sender(deployment: Deployment, bundle: Bundle, keys: dict[str, str]) -> Iterator[Sender]:
    with TestClient(create_app(bundle, deployment)) as client:
        yield Sender(client, keys)
