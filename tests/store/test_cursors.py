"""Cursors move forward, with the rows that they stand behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grantguard.store.cursors import Place, keep_cursor, read_cursor
from grantguard.store.database import Database

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


def kept(database: Database, source: str = "one") -> Place | None:
    with database.connection() as connection:
        return read_cursor(connection, source)


def keep(database: Database, place: Place, source: str = "one") -> None:
    with database.connection() as connection:
        keep_cursor(connection, source, place)


def test_before_the_first_pull_there_is_none(database: Database) -> None:
    assert kept(database) is None


def test_the_last_place_is_kept(database: Database) -> None:
    for place in [(NOON, "b"), (NOON, "c"), (NOON + timedelta(microseconds=1), "a")]:
        keep(database, place)
        assert kept(database) == place


@pytest.mark.parametrize("behind", [(NOON, "a"), (NOON - timedelta(days=1), "z")])
def test_a_cursor_never_goes_back(database: Database, behind: Place) -> None:
    keep(database, (NOON, "b"))
    keep(database, behind)
    assert kept(database) == (NOON, "b")


def test_every_source_has_its_own(database: Database) -> None:
    keep(database, (NOON, "a"))
    assert kept(database, "other") is None


def test_a_cursor_is_undone_with_its_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.connection() as connection:
        keep_cursor(connection, "one", (NOON, str(1 / 0)))
    assert kept(database) is None
