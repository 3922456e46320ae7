"""Migrations: plain numbered SQL, each applied once, in order, by one process at a time, and never edited after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from psycopg.sql import SQL

from grantguard.errors import MigrationChanged
from grantguard.store.database import Connection, Database

LOCK = 7_219_004_417
"""The advisory lock that whoever migrates holds; a number of nobody else's."""

JOBS = "procrastinate"
"""What the tables of the job library are called among the migrations."""

LEDGER = SQL("""
    CREATE TABLE IF NOT EXISTS migrations (
        name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )
""")


@dataclass(frozen=True)
class Migration:
    """One numbered file of SQL."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """What tells that the file is no longer the one that was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """The migrations that this version of Grantguard brings, in order."""
    folder = files("grantguard.store") / "migrations"
    found = (path for path in folder.iterdir() if path.name.endswith(".sql"))
    return tuple(Migration(path.name, path.read_text()) for path in sorted(found, key=lambda path: path.name))


def upgrade(database: Database, brought: tuple[Migration, ...] | None = None) -> tuple[str, ...]:
    """Apply what is pending, all or nothing, and name it.

    Raises ``MigrationChanged`` where a file that was applied reads otherwise today.
    """
    with database.connection() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        connection.execute(LEDGER)
        waiting = _waiting(connection, migrations() if brought is None else brought)
        for migration in waiting:
            connection.execute(migration.text.encode())
            connection.execute("INSERT INTO migrations VALUES (%s, %s)", [migration.name, migration.checksum])
        made = _make_jobs(connection)
    return (*(migration.name for migration in waiting), *made)


def pending(database: Database) -> tuple[str, ...]:
    """The migrations that the database still lacks; raises as ``upgrade`` does."""
    with database.connection() as connection:
        known = connection.execute("SELECT to_regclass('migrations')").fetchone() != (None,)
        waiting = _waiting(connection, migrations()) if known else migrations()
        jobs = () if _has_jobs(connection) else (JOBS,)
    return (*(migration.name for migration in waiting), *jobs)


def _make_jobs(connection: Connection) -> tuple[str, ...]:
    """The job library's own tables, where there are none yet: it brings their definition."""
    if _has_jobs(connection):
        return ()
    definition = files("procrastinate") / "sql" / "schema.sql"
    connection.execute(definition.read_text().encode())
    return (JOBS,)


def _has_jobs(connection: Connection) -> bool:
    return connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone() != (None,)


def _waiting(connection: Connection, brought: tuple[Migration, ...]) -> tuple[Migration, ...]:
    applied: dict[str, str] = dict(connection.execute("SELECT name, checksum FROM migrations"))
    for migration in brought:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationChanged(
                f"{migration.name}: was applied and reads otherwise today; restore it and write a new migration"
            )
    return tuple(migration for migration in brought if migration.name not in applied)
