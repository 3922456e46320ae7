"""The database: a pool of connections for writing, a few columnar ones for reading, everything in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc  # type: ignore[import-untyped]
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from grantguard.errors import StoreUnreachable

Connection = psycopg.Connection[tuple[Any, ...]]
Reader: TypeAlias = adbc.Connection

WAIT = 5.0
"""Seconds that a caller waits for a connection before the store counts as unreachable."""


@dataclass(frozen=True)
class Database:
    """A migrated PostgreSQL, or one that waits for its migrations."""

    url: str
    pool: ConnectionPool[Connection]
    idle_readers: SimpleQueue[Reader] = field(default_factory=SimpleQueue)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in one transaction: committed on leaving, undone where anything raises.

        Raises ``StoreUnreachable`` where the server does not answer, or breaks off.
        """
        with self.statement() as connection, connection.transaction():
            yield connection

    @contextmanager
    def derived(self) -> Iterator[Connection]:
        """A transaction like ``connection``, of what can be made again from what is kept: it need not outlive a crash.

        Nobody waits for the disk here; whoever commits in ``connection`` after it waits for both. Statements go out
        together: what one of them changed is known where its rows are asked for.
        """
        with self.statement() as connection, connection.pipeline(), connection.transaction():
            connection.execute("SET LOCAL synchronous_commit = off")
            yield connection

    @contextmanager
    def statement(self) -> Iterator[Connection]:
        """A connection whose every statement stands for itself: one round trip for one look-up."""
        try:
            with self.pool.connection() as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise _unreachable(error) from error

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """A columnar connection; one on which anything failed is not used again.

        Raises ``StoreUnreachable`` as ``connection`` does.
        """
        try:
            reader = self._idle_reader()
            with _closing_when_broken(reader):
                yield reader
        except adbc_driver_manager.OperationalError as error:
            # What broke one broke the idle ones too, most likely: they are not tried one after the other.
            self.close_readers()
            raise _unreachable(error) from error
        self.idle_readers.put(reader)

    def _idle_reader(self) -> Reader:
        try:
            return self.idle_readers.get_nowait()
        except Empty:
            return adbc.connect(self.url, autocommit=True)

    def close_readers(self) -> None:
        """Close the columnar connections that nobody uses."""
        while not self.idle_readers.empty():
            self.idle_readers.get_nowait().close()


@contextmanager
def open_database(url: str, connections: int = 10) -> Iterator[Database]:
    """The database at ``url`` with at most so many connections for writing, closed on leaving.

    The server need not answer yet: whoever asks for a connection is told.
    """
    settings = {"autocommit": True, "options": "-c timezone=UTC", "application_name": "grantguard"}
    pool: ConnectionPool[Connection] = ConnectionPool(
        make_conninfo(url),
        kwargs=settings,
        min_size=1,
        max_size=connections,
        timeout=WAIT,
        open=False,
        check=ConnectionPool.check_connection,
    )
    database = Database(url, pool)
    with pool:
        try:
            yield database
        finally:
            database.close_readers()


@contextmanager
def _closing_when_broken(reader: Reader) -> Iterator[None]:
    try:
        yield
    except BaseException:
        reader.close()
        raise


def _unreachable(error: Exception) -> StoreUnreachable:
    said = str(error).strip().splitlines() or ["it does not answer"]
    return StoreUnreachable(f"database: {said[0]}; is PostgreSQL running, and GRANTGUARD_DATABASE_URL right?")
