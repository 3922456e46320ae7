"""Whatever is called so is found: an account by the beginning of its name, all else by the whole."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from grantguard.contract import ACCOUNTS, GRANTS
from grantguard.store.database import Database
from grantguard.store.decisions import record_decision
from grantguard.store.ingesting import ingest
from grantguard.store.searching import Hit, search
from grantguard.vocabulary import Decision

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def kept(database: Database, hold: Decision) -> None:
    seats = [{"account_id": name, "created_at": NOON, "plan": "team"} for name in ("ada", "adam", "bob")]
    grant = {"account_id": "bob", "grant_id": "ada-7", "campaign": "welcome", "kind": "starter"}
    with database.connection() as connection:
        accounts = pl.DataFrame([seat | {"organization_id": "acme"} for seat in seats], schema=ACCOUNTS.schema)
        ingest(connection, ACCOUNTS, accounts, NOON)
        grants = pl.DataFrame([grant | {"granted_at": NOON, "credits": 5.0}], schema=GRANTS.schema)
        ingest(connection, GRANTS, grants, NOON)
        record_decision(connection, hold, {})


def found(database: Database, said: str) -> tuple[Hit, ...]:
    with database.statement() as connection:
        return search(connection, said)


def test_accounts_are_found_by_how_they_begin(database: Database) -> None:
    assert [hit.account_id for hit in found(database, "ada")] == ["ada", "adam"]


def test_a_grant_leads_to_its_account(database: Database) -> None:
    assert found(database, "ada-7") == (Hit("grant", "ada-7", "bob"),)


def test_an_organization_leads_to_its_seats(database: Database) -> None:
    assert [hit.account_id for hit in found(database, "acme")] == ["ada", "adam", "bob"]


def test_a_decision_leads_to_its_account(database: Database) -> None:
    assert found(database, "d1") == (Hit("decision", "d1", "ada"),)


@pytest.mark.parametrize("said", ["", "zoe", "%", "_da", "ada'; DROP TABLE accounts; --"])
def test_what_is_not_called_so_is_not_found(database: Database, said: str) -> None:
    assert found(database, said) == ()
