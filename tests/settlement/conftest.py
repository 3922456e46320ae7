"""A desk with a store of the test's own, and accounts that are held for a known reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE, Tables
from grantguard.forest import Bundle
from grantguard.policy import Rules
from grantguard.settlement import Charge, Desk
from grantguard.store.database import Database
from grantguard.store.ingesting import ingest
from grantguard.store.shelf import Shelf

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)

Keep = Callable[..., None]


@pytest.fixture
def desk(database: Database, bundle: Bundle, tmp_path: Path) -> Desk:
    return Desk(database, Charge(bundle, Shelf(tmp_path)), Rules(second_person_above=100.0))


@pytest.fixture
def keep(database: Database) -> Keep:
    """Keep an account's rows, as a sender would; with a chargeback it is held, whatever else is known."""

    def send(name: str, *, given_credits: float = 60.0, chargebacks: int = 0, grants: tuple[str, ...] = ("g",)) -> None:
        opened = NOON - timedelta(days=2)
        account = {"account_id": name, "created_at": opened, "plan": "free"}
        given = {
            "account_id": name,
            "campaign": "welcome",
            "kind": "starter",
            "granted_at": opened,
            "credits": given_credits,
        }
        event = {
            "account_id": name,
            "category": "standard_chat",
            "input_tokens": 90,
            "output_tokens": 40,
            "status": "ok",
        }
        money = {"account_id": name, "kind": "chargeback", "amount_usd": 20.0}
        tables = Tables.of(
            accounts=pl.DataFrame([account]),
            grants=pl.DataFrame([given | {"grant_id": f"{name}-{grant}"} for grant in grants]),
            usage=pl.DataFrame(
                [
                    event | {"event_id": f"e{i}", "credits": 0.1, "occurred_at": opened + timedelta(minutes=i)}
                    for i in range(30)
                ]
            ),
            billing=pl.DataFrame(
                [
                    money | {"billing_id": f"{name}-{i}", "occurred_at": opened + timedelta(hours=1 + i)}
                    for i in range(chargebacks)
                ],
                schema=BILLING.schema,
            ),
        )
        for table in (ACCOUNTS, GRANTS, USAGE, BILLING):
            with database.connection() as connection:
                ingest(connection, table, getattr(tables, table.name), NOON)

    return send
