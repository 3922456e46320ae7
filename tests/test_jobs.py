"""The worker: marked accounts are scored, the ledger is told, holds end, and nobody had to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from grantguard.contract import ACCOUNTS, BILLING, GRANTS, Table
from grantguard.errors import StoreUnreachable
from grantguard.forest import Bundle
from grantguard.jobs import Work, working
from grantguard.settlement import Charge, Desk
from grantguard.store.database import Database
from grantguard.store.ingesting import ingest
from grantguard.store.risks import find_risk
from grantguard.store.shelf import Shelf
from grantguard.vocabulary import Answer, Capabilities, Notice, Taken

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
PATIENCE = 60.0


class Listener:
    """A ledger that takes everything."""

    capabilities = Capabilities(can_hold=True, can_release=True, can_revoke=True)

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def deliver(self, notice: Notice) -> Answer:
        self.notices.append(notice)
        return Taken("here")


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def work(database: Database, bundle: Bundle, tmp_path: Path, listener: Listener, clock: Clock) -> Work:
    return Work(Desk(database, Charge(bundle, Shelf(tmp_path))), clock, listener)


def keep(database: Database, *names: str) -> None:
    """Accounts that a chargeback holds."""
    opened = NOON - timedelta(days=2)
    given = {"campaign": "welcome", "kind": "starter", "granted_at": opened, "credits": 60.0}
    back = {"occurred_at": NOON - timedelta(days=1), "kind": "chargeback", "amount_usd": 20.0}
    rows: dict[Table, list[dict[str, object]]] = {
        ACCOUNTS: [{"account_id": name, "created_at": opened, "plan": "free"} for name in names],
        GRANTS: [given | {"account_id": name, "grant_id": f"{name}-g"} for name in names],
        BILLING: [back | {"account_id": name, "billing_id": name} for name in names],
    }
    for table, sent in rows.items():
        frame = pl.DataFrame(sent, schema_overrides=table.schema)
        missing = [pl.lit(None, kind).alias(name) for name, kind in table.schema.items() if name not in frame.columns]
        with database.connection() as connection:
            ingest(connection, table, frame.with_columns(missing), NOON)


async def become(is_so: Callable[[], bool]) -> None:
    """Wait until it is so; a worker's ticks are seconds apart."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - nothing tells when another process is done
            await asyncio.sleep(0.05)


def test_news_is_scored_and_told(work: Work, listener: Listener) -> None:
    async def run() -> None:
        async with working(work):
            keep(work.desk.database, "ada")
            await become(lambda: bool(listener.notices))

    asyncio.run(run())
    assert [(each.kind, each.grant_id) for each in listener.notices] == [("grant.hold", "ada-g")]


def test_a_hold_ends_when_its_time_is_up(work: Work, listener: Listener, clock: Clock) -> None:
    async def run() -> None:
        async with working(work):
            keep(work.desk.database, "ada")
            await become(lambda: len(listener.notices) == 1)
            clock.now = NOON + timedelta(days=8)
            await become(lambda: len(listener.notices) == 2)

    asyncio.run(run())
    assert [each.kind for each in listener.notices] == ["grant.hold", "grant.release"]


def test_an_account_is_looked_at_again_when_a_decision_said_so(work: Work, clock: Clock) -> None:
    def looked_at() -> datetime | None:
        with work.desk.database.statement() as connection:
            rated = find_risk(connection, "ada")
        return None if rated is None else rated.at

    async def run() -> None:
        async with working(work):
            keep(work.desk.database, "ada")
            await become(lambda: looked_at() == NOON)
            clock.now = NOON + timedelta(days=1)
            await become(lambda: looked_at() == clock.now)

    asyncio.run(run())


@pytest.mark.parametrize("seed", [1, 2])
def test_two_workers_decide_and_tell_once(work: Work, listener: Listener, seed: int) -> None:
    names = [f"account-{seed}-{i:02}" for i in range(40)]

    async def run() -> None:
        async with working(work), working(work):
            for start in range(0, 40, 8):
                keep(work.desk.database, *names[start : start + 8])
            await become(lambda: len(listener.notices) >= 40)

    asyncio.run(run())
    assert sorted(str(each.grant_id) for each in listener.notices) == [f"{name}-g" for name in names]
    with work.desk.database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (40,)


def test_a_worker_whose_connections_break_goes_on(work: Work, listener: Listener) -> None:
    async def run() -> None:
        async with working(work):
            keep(work.desk.database, "ada")
            await become(lambda: len(listener.notices) == 1)
            with work.desk.database.connection() as connection:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                connection.execute(f"{others} AND datname = current_database()")
            await become(lambda: _answers(work))
            keep(work.desk.database, "eve")
            await become(lambda: len(listener.notices) == 2)

    asyncio.run(run())
    assert [each.grant_id for each in listener.notices] == ["ada-g", "eve-g"]


def _answers(work: Work) -> bool:

    try:
        with work.desk.database.connection() as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except StoreUnreachable:
        return False
