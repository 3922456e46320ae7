"""Migrations are applied once, in order, and never edited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from grantguard.errors import MigrationChanged
from grantguard.store.database import Connection, Database
from grantguard.store.migrating import LOCK, Migration, migrations, pending, upgrade

NOTES = Migration("9001_notes.sql", "CREATE TABLE notes (note text); INSERT INTO notes VALUES ('50 %');")
BROKEN = Migration("9002_broken.sql", "CREATE TABLE half (id int); SELECT nothing FROM nowhere;")


def tables(database: Database) -> set[object]:
    with database.statement() as connection:
        return {name for (name,) in connection.execute("SELECT tablename FROM pg_tables").fetchall()}


def test_every_migration_has_a_number_of_its_own() -> None:
    numbers = [each.name[:4] for each in migrations()]
    assert all(number.isdecimal() for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_a_migrated_database_lacks_nothing(database: Database) -> None:
    assert pending(database) == ()


def test_an_empty_database_lacks_everything(database: Database) -> None:
    with database.connection() as connection:
        connection.execute("DROP TABLE migrations")
    assert pending(database) == tuple(each.name for each in migrations())


def test_a_new_migration_is_applied_and_named(database: Database) -> None:
    assert upgrade(database, (*migrations(), NOTES)) == (NOTES.name,)
    assert "notes" in tables(database)


def test_a_migration_is_applied_once(database: Database) -> None:
    upgrade(database, (NOTES,))
    assert upgrade(database, (NOTES,)) == ()


def test_a_broken_migration_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere"):
        upgrade(database, (NOTES, BROKEN))
    assert not {"notes", "half"} & tables(database)


def test_an_edited_migration_is_refused(database: Database) -> None:
    upgrade(database, (NOTES,))
    with pytest.raises(MigrationChanged, match=r"9001_notes\.sql"):
        upgrade(database, (Migration(NOTES.name, NOTES.text + " -- "),))


def test_who_upgrades_waits_for_whoever_does(database: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.connection() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            upgrading = pool.submit(upgrade, database, (NOTES,))
            while not upgrading.done() and not somebody_waits(other):
                pass
            assert not upgrading.done()
        assert upgrading.result() == (NOTES.name,)


def somebody_waits(connection: Connection) -> bool:
    waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
    return connection.execute(waiting).fetchone() == (True,)
