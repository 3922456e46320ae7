"""The audit trail is only ever added to: the database refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from grantguard.store.audit import Entry, read_audit, record
from grantguard.store.database import Database

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


def write(database: Database, *subjects: str) -> list[Entry]:
    entries = [Entry(NOON, "Ada", "rules.changed", subject, {"budget": 0.01}) for subject in subjects]
    with database.connection() as connection:
        for entry in entries:
            record(connection, entry)
    return entries


def test_the_newest_line_comes_first(database: Database) -> None:
    first, second = write(database, "one", "two")
    with database.statement() as connection:
        assert read_audit(connection, 10) == (second, first)


def test_one_subject_can_be_asked_about(database: Database) -> None:
    first, _ = write(database, "one", "two")
    with database.statement() as connection:
        assert read_audit(connection, 10, "one") == (first,)


@pytest.mark.parametrize("deed", ["UPDATE audit SET actor = 'Bo'", "DELETE FROM audit", "TRUNCATE audit"])
def test_nothing_is_rewritten(database: Database, deed: str) -> None:
    write(database, "one")
    with (
        pytest.raises(psycopg.errors.RestrictViolation, match="only ever added to"),
        database.connection() as connection,
    ):
        connection.execute(deed.encode())
