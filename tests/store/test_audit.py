"""The audit trail is only ever added to: the database refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from grantguard.store.audit import Entry, Sought, page_audit, read_audit, record
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


def deeds(database: Database) -> None:
    lines = [
        Entry(NOON, "grace", "verdict.abuse", "accounts", {"accounts": ["ada", "bob"], "note": ""}),
        Entry(NOON, "grace", "account.viewed", "ada"),
        Entry(NOON, "alan", "verdicts.counted", "bob"),
        Entry(NOON, "alan", "verdict.genuine", "accounts", {"accounts": ["carl"]}),
    ]
    with database.connection() as connection:
        for line in lines:
            record(connection, line)


def test_pages_follow_each_other_without_a_gap(database: Database) -> None:
    write(database, *"abcde")
    told: list[str] = []
    with database.statement() as connection:
        page = page_audit(connection, Sought(), 2)
        while page:
            told += [line.subject for line in page]
            page = page_audit(connection, Sought(), 2, page[-1].id)
    assert told == list("edcba")


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        (Sought(actor="alan"), ["verdict.genuine", "verdicts.counted"]),
        (Sought(action="account.viewed"), ["account.viewed"]),
        (Sought(action="verdict"), ["verdict.genuine", "verdict.abuse"]),
        (Sought(subject="bob"), ["verdicts.counted", "verdict.abuse"]),
        (Sought(actor="grace", action="verdict", subject="ada"), ["verdict.abuse"]),
        (Sought(subject="zoe"), []),
    ],
)
def test_lines_are_found_by_who_did_what_to_whom(database: Database, sought: Sought, expected: list[str]) -> None:
    deeds(database)
    with database.statement() as connection:
        assert [line.action for line in page_audit(connection, sought, 10)] == expected
