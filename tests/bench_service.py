"""The service's speed, as ratios side by side: the second part of ``make bench``."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import httpx
import polars as pl
import uvicorn
from fastapi import FastAPI

from grantguard.assessment import assess
from grantguard.cli.telemetry import write_logs
from grantguard.contract import ACCOUNTS, GRANTS, USAGE, Table, Tables
from grantguard.forest import Bundle, unpack
from grantguard.service import Deployment, Limits, create_app
from grantguard.settlement import Charge, Desk, Question, answer, settle
from grantguard.sources.hashing import Hasher
from grantguard.store.bundles import read_bundle
from grantguard.store.copying import copy_rows
from grantguard.store.database import Database, open_database
from grantguard.store.ingesting import ingest
from grantguard.store.keys import SCOPES, create_key
from grantguard.store.migrating import upgrade
from grantguard.store.partitions import make_months
from grantguard.store.reading import read_tables
from grantguard.store.server import run_server
from grantguard.store.shelf import Shelf
from grantguard.training import NAMES

NOW = datetime(2025, 5, 10, 12, tzinfo=UTC)
MODEL = Path(__file__).parent.parent / "models" / "default"


def main() -> None:
    """Print each measurement on a line."""
    bundle = unpack(read_bundle(MODEL), NAMES)
    write_logs("json")
    with (
        tempfile.TemporaryDirectory(prefix="grantguard-") as folder,
        run_server(Path(folder, "home")) as url,
        open_database(url) as database,
    ):
        upgrade(database)
        shelf = Shelf(Path(folder, "shelf"))
        desk = Desk(database, Charge(bundle, shelf))
        limits = Limits(rate=1e9, burst=10**9)
        deployment = Deployment(desk, shelf, Hasher(b"a secret of the bench"), lambda: NOW, limits=limits)
        with database.connection() as connection:
            key = create_key(connection, "bench", SCOPES, NOW)
        headers = {"Authorization": f"Bearer {key}"}
        with running(create_app(bundle, deployment)) as address:
            ingesting(database, address, headers)
            rescoring(desk)
            looking_up(address, headers)
            asking(desk)


def ingesting(database: Database, address: str, headers: dict[str, str]) -> None:
    """HTTP beside the bare COPY into the same table."""
    rates: dict[str, list[float]] = {"copy": [], "http": []}
    for turn in range(3):
        rows = usage([f"copied-{turn}-{i}" for i in range(500)], 100)
        begins = time.perf_counter()
        with database.connection() as connection:
            make_months(connection, rows["occurred_at"])
            copy_rows(connection, "usage", rows)
        rates["copy"].append(rows.height / (time.perf_counter() - begins))
        rows = usage([f"sent-{turn}-{i}" for i in range(500)], 100)
        body = rows.with_columns(pl.col("occurred_at").dt.to_string("iso:strict")).write_ndjson().encode()
        begins = time.perf_counter()
        told = httpx.post(
            f"{address}/v1/usage", content=body, headers=headers | {"Content-Type": "application/x-ndjson"}, timeout=120
        )
        rates["http"].append(rows.height / (time.perf_counter() - begins))
        if told.json()["accepted"] != rows.height:
            raise RuntimeError(told.text[:500])
    copied, sent = (statistics.median(each) for each in rates.values())
    tell(f"rows in: COPY {copied:,.0f}/s, HTTP {sent:,.0f}/s: {sent / copied:.2f} of it (0.25 wanted)")


def rescoring(desk: Desk) -> None:
    """Marked accounts of a hundred events."""
    begins, done = time.perf_counter(), 0
    while taken := settle(desk, NOW):
        done += taken
    seconds = time.perf_counter() - begins
    tell(f"rescoring: {done:,} marked accounts of 100 events, {done / seconds:,.0f}/s (1,000 wanted)")


def looking_up(address: str, headers: dict[str, str]) -> None:
    """What is known beside a bare route that gives the same body; who asks is a process of its own, as a ledger is."""
    path = f"{address}/v1/accounts/sent-0-1/risk"
    body = httpx.get(path, headers=headers).json()
    bare = FastAPI()

    @bare.get("/same")
    def same() -> dict[str, object]:
        return dict(body)

    with running(bare) as other, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as asker:
        theirs, ours = [], []
        for _ in range(3):
            theirs.append(asker.submit(ask_peak, f"{other}/same", {}).result())
            ours.append(asker.submit(ask_peak, path, headers).result())
        bare_rate, rate = statistics.median(theirs), statistics.median(ours)
        tell(f"GET risk: {rate:,.0f}/s beside {bare_rate:,.0f}/s of a bare route: {rate / bare_rate:.2f} (0.5 wanted)")
        wait = asker.submit(ask_pace, path, headers, rate / 2).result()
        beside = asker.submit(ask_pace, f"{other}/same", {}, rate / 2).result()
        tell(f"GET risk at half its peak: p99 {wait:.1f} ms, the bare route {beside:.1f} ms (10 wanted)")


def ask_peak(path: str, headers: dict[str, str]) -> float:
    """Requests a second."""
    return asyncio.run(peak(path, headers))


def ask_pace(path: str, headers: dict[str, str], rate: float) -> float:
    """The 99th percentile of what evenly spaced requests took, in milliseconds."""
    return 1e3 * statistics.quantiles(asyncio.run(pace(path, headers, rate, 5.0)), n=100)[98]


async def peak(path: str, headers: dict[str, str], requests: int = 600, at_once: int = 8) -> float:
    """Requests a second."""
    async with httpx.AsyncClient(headers=headers) as client:

        async def ask(times: int) -> None:
            for _ in range(times):
                (await client.get(path)).raise_for_status()

        begins = time.perf_counter()
        await asyncio.gather(*(ask(requests // at_once) for _ in range(at_once)))
        return requests / (time.perf_counter() - begins)


async def pace(path: str, headers: dict[str, str], rate: float, seconds: float) -> list[float]:
    """Seconds that each of evenly spaced requests took."""
    waits: list[float] = []
    async with httpx.AsyncClient(headers=headers) as client:

        async def ask() -> None:
            begins = time.perf_counter()
            (await client.get(path)).raise_for_status()
            waits.append(time.perf_counter() - begins)

        asked = []
        for _ in range(int(rate * seconds)):
            asked.append(asyncio.create_task(ask()))
            await asyncio.sleep(1 / rate)
        await asyncio.gather(*asked)
    return waits


def asking(desk: Desk) -> None:
    """A decision on a fresh account of a thousand events beside the bare fetch of them."""
    names = [f"fresh-{i}" for i in range(30)]
    for table, rows in accounts(names).items():
        keep(desk.database, table, rows)
    keep(desk.database, USAGE, usage(names, 1000))
    fetched = [seconds(partial(read_tables, desk.database, [name])) for name in names]
    decided = [seconds(partial(answer, desk, Question([name]), NOW)) for name in names]
    histories, bundle = [read_tables(desk.database, [name]) for name in names], desk.charge.now().bundle
    alone = [seconds(partial(decide_alone, each, bundle)) for each in histories]
    theirs, ours, pure = (statistics.median(each) for each in (fetched, decided, alone))
    times = ours / theirs
    tell(f"a decision on 1,000 events: {ours * 1e3:.0f} ms, the bare fetch {theirs * 1e3:.1f} ms: {times:.1f} times")
    tell(
        f"of it, from the rows at hand to reasons: {pure * 1e3:.0f} ms, {pure / theirs:.1f} times the fetch (3 wanted)"
    )
    kin = [f"kin-{i}" for i in range(8)]
    for table, rows in accounts(kin).items():
        keep(desk.database, table, rows)
    keep(desk.database, USAGE, usage(kin, 1000).with_columns(device_hash=pl.lit("one machine")))
    among = statistics.median(seconds(partial(answer, desk, Question([name]), NOW)) for name in kin)
    tell(f"a decision on 1,000 events of one of eight on a machine, each of as many: {among * 1e3:.0f} ms")


def decide_alone(tables: Tables, bundle: Bundle) -> None:
    """From one account's rows to a decision with reasons, without a store."""
    assess(tables, bundle, NOW, accounts=tables.accounts["account_id"].to_list()).decision()


def usage(names: list[str], events: int) -> pl.DataFrame:
    """So many events of each account."""
    number = pl.int_range(len(names) * events, eager=True)
    opened = NOW - timedelta(days=2)
    rows = pl.DataFrame({"number": number}).select(
        event_id=pl.format("e{}", pl.col("number") % events),
        account_id=pl.Series(names, dtype=pl.String).gather(number // events),
        occurred_at=pl.lit(opened) + pl.duration(seconds=60 * (pl.col("number") % events)),
        category=pl.lit("standard_chat"),
        input_tokens=100 + pl.col("number") * 7919 % 1000,
        output_tokens=50 + pl.col("number") * 104729 % 500,
        credits=pl.lit(0.02),
        status=pl.lit("ok"),
        session_id=pl.format("s{}", pl.col("number") // 10),
    )
    # A machine and an address of each one's own: what it costs to read kin is told apart.
    rows = rows.with_columns(ip_hash=pl.format("i-{}", "account_id"), device_hash=pl.format("d-{}", "account_id"))
    return Tables.of(usage=rows).usage


def accounts(names: list[str]) -> dict[Table, pl.DataFrame]:
    """Accounts, each with a grant."""
    opened = NOW - timedelta(days=3)
    known = pl.DataFrame({"account_id": names}).with_columns(created_at=pl.lit(opened), plan=pl.lit("free"))
    given = pl.DataFrame({"account_id": names}).select(
        "account_id",
        grant_id=pl.format("{}-g", "account_id"),
        campaign=pl.lit("welcome"),
        kind=pl.lit("starter"),
        granted_at=pl.lit(opened),
        credits=pl.lit(60.0),
    )
    tables = Tables.of(accounts=known, grants=given)
    return {ACCOUNTS: tables.accounts, GRANTS: tables.grants}


def keep(database: Database, table: Table, rows: pl.DataFrame) -> None:
    """Keep the rows."""
    with database.connection() as connection:
        ingest(connection, table, rows, NOW)


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    begins = time.perf_counter()
    call()
    return time.perf_counter() - begins


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The application at an address of its own, in this process."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def tell(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
