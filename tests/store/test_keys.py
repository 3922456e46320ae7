"""Keys are shown once, kept as hashes, and open nothing once they are revoked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from grantguard.errors import KeyTaken, KeyUnknown, ScopeUnknown
from grantguard.store.audit import read_audit
from grantguard.store.database import Connection, Database
from grantguard.store.keys import create_key, find_key, list_keys, revoke_key

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.connection() as connection:
        yield connection


def test_a_key_opens_what_it_was_made_for(connection: Connection) -> None:
    key = find_key(connection, create_key(connection, "gateway", ["risk", "ingest"], NOON), NOON)
    assert key is not None
    assert (key.name, key.scopes) == ("gateway", ("ingest", "risk"))


def test_what_opens_is_not_kept(connection: Connection) -> None:
    secret = create_key(connection, "gateway", ["ingest"], NOON).rpartition("_")[2]
    kept = connection.execute("SELECT keys::text || coalesce(audit::text, '') FROM keys, audit").fetchall()
    assert secret not in str(kept)


@pytest.mark.parametrize("token", ["", "gg_", "gg_12345678_", "Bearer", "gg_\0_x", "gg_deadbeef_" + "A" * 43, "ключ"])
def test_what_is_no_key_opens_nothing(connection: Connection, token: str) -> None:
    assert find_key(connection, token, NOON) is None


def test_another_keys_secret_opens_nothing(connection: Connection) -> None:
    one, other = (create_key(connection, name, ["ingest"], NOON) for name in ("one", "other"))
    assert find_key(connection, one[:12] + other[12:], NOON) is None


def test_a_revoked_key_opens_nothing(connection: Connection) -> None:
    token = create_key(connection, "gateway", ["ingest"], NOON)
    revoke_key(connection, "gateway", NOON)
    assert find_key(connection, token, NOON) is None


def test_a_key_in_force_keeps_its_name(connection: Connection) -> None:
    create_key(connection, "gateway", ["ingest"], NOON)
    with pytest.raises(KeyTaken, match="gateway"):
        create_key(connection, "gateway", ["risk"], NOON)


def test_the_name_of_a_revoked_key_is_free(connection: Connection) -> None:
    create_key(connection, "gateway", ["ingest"], NOON)
    revoke_key(connection, "gateway", NOON)
    create_key(connection, "gateway", ["ingest"], NOON)
    assert [key.revoked_at for key in list_keys(connection)].count(None) == 1


def test_what_is_not_in_force_cannot_be_revoked(connection: Connection) -> None:
    with pytest.raises(KeyUnknown, match="nobody"):
        revoke_key(connection, "nobody", NOON)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["ingest", "root"]])
def test_there_are_no_other_scopes(connection: Connection, scopes: list[str]) -> None:
    with pytest.raises(ScopeUnknown, match="ingest, risk, review, admin"):
        create_key(connection, "gateway", scopes, NOON)


def test_a_key_that_may_review_is_a_persons(connection: Connection) -> None:
    create_key(connection, "Ada", ["review"], NOON)
    create_key(connection, "gateway", ["ingest"], NOON)
    assert {key.name: key.person for key in list_keys(connection)} == {"Ada": True, "gateway": False}


def test_the_database_too_refuses_a_machine_that_reviews(connection: Connection) -> None:
    create_key(connection, "Ada", ["review"], NOON)
    with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
        connection.execute("UPDATE keys SET person = false")


def test_the_last_use_is_noted_to_the_minute(connection: Connection) -> None:
    token = create_key(connection, "gateway", ["ingest"], NOON)
    for seconds in (0, 30, 90, 100):
        find_key(connection, token, NOON + timedelta(seconds=seconds))
    assert list_keys(connection)[0].last_used_at == NOON + timedelta(seconds=90)


def test_who_made_and_revoked_a_key_is_in_the_audit_trail(connection: Connection) -> None:
    create_key(connection, "gateway", ["ingest"], NOON, by="Ada")
    revoke_key(connection, "gateway", NOON, by="Bo")
    assert [(entry.actor, entry.action) for entry in read_audit(connection, 10, "gateway")] == [
        ("Bo", "key.revoked"),
        ("Ada", "key.created"),
    ]
