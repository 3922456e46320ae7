"""The database: transactions, UTC, and an honest word when it does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from grantguard.errors import StoreUnreachable
from grantguard.store.database import Database, open_database
from grantguard.store.server import run_server


def count(database: Database) -> object:
    with database.statement() as connection:
        return connection.execute("SELECT count(*) FROM campaigns").fetchone()


def test_a_transaction_is_undone_where_anything_raises(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.connection() as connection:
        connection.execute("INSERT INTO campaigns (campaign, kind) VALUES ('spring', 'launch')").rowcount / 0
    assert count(database) == (0,)


def test_a_transaction_that_ends_well_is_seen_by_all(database: Database) -> None:
    with database.connection() as connection:
        connection.execute("INSERT INTO campaigns (campaign, kind) VALUES ('spring', 'launch')")
    assert count(database) == (1,)


def test_it_speaks_utc(database: Database) -> None:
    with database.statement() as connection:
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def test_a_reader_is_used_again(database: Database) -> None:
    with database.reader() as first:
        pass
    with database.reader() as second:
        assert second is first


def test_it_recovers_when_the_server_comes_back(home: Path) -> None:
    with run_server(home) as url, open_database(url, connections=1) as database:
        with database.statement() as connection, database.reader():
            connection.execute("SELECT 1")
        restart(home)
        with database.statement() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(StoreUnreachable), database.reader() as reader, reader.cursor() as cursor:
            cursor.execute("SELECT 1 AS one")
        with database.reader() as reader, reader.cursor() as cursor:
            cursor.execute("SELECT 1 AS one")
            assert cursor.fetchone() == (1,)


def restart(home: Path) -> None:
    from grantguard.store.server import _server  # noqa: PLC0415

    server = _server(home / "postgres")
    server.stop()
    server.start()


def test_a_server_that_does_not_answer_is_an_error_of_ours(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grantguard.store.database.WAIT", 0.2)
    with (
        open_database(f"postgresql://postgres@/postgres?host={home}") as database,
        pytest.raises(StoreUnreachable, match="is PostgreSQL running"),
        database.connection(),
    ):
        pass
