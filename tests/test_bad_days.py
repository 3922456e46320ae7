"""Bad days: a service that is killed, a database that goes away, and nothing of what was acknowledged is lost."""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from grantguard.store.database import Database, open_database
from grantguard.store.keys import create_key
from grantguard.store.migrating import upgrade
from grantguard.store.outbox import count_undelivered
from grantguard.store.server import run_server

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "models" / "default"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PATIENCE = 180.0

STOPPED = (0, -signal.SIGTERM)
"""How a service ends that was asked to: uvicorn passes the signal on when all is done."""

HttpAnswer = tuple[int, dict[str, str], bytes]
Serve = Callable[[Callable[[str, str, dict[str, str], bytes], HttpAnswer]], str]


class Service:
    """A real ``grantguard serve``, which can be killed and started again."""

    def __init__(self, **settings: str) -> None:
        told = {f"GRANTGUARD_{name.upper()}": value for name, value in settings.items()}
        self.environment = os.environ | {"PYTHONUNBUFFERED": "1"} | told
        self.process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "grantguard", "serve", "--port", "0", "--model", str(MODEL)]
        self.process = subprocess.Popen(  # noqa: S603 - ours
            command, text=True, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(number)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        return status


@contextmanager
def serving(**settings: str) -> Iterator[Service]:
    service = Service(**settings)
    service.start()
    try:
        yield service
    finally:
        if service.process is not None and service.process.poll() is None:
            service.kill()


@pytest.fixture
def folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="grantguard-") as made:
        yield made


def key_of(database: Database) -> dict[str, str]:
    with database.connection() as connection:
        made = create_key(connection, "all", ["ingest", "risk", "review", "admin"], datetime.now(UTC))
    return {"Authorization": f"Bearer {made}"}


def batch(number: int) -> dict[str, list[dict[str, Any]]]:
    """Two accounts that a chargeback holds, and what they used."""
    now = datetime.now(UTC)
    names = [f"account-{number}-{place}" for place in range(2)]
    opened = {"granted_at": (now - timedelta(days=2)).isoformat(), "campaign": "welcome", "kind": "starter"}
    spent = {"category": "standard_chat", "input_tokens": 9, "output_tokens": 4, "credits": 0.1, "status": "ok"}
    back = {"occurred_at": (now - timedelta(days=1)).isoformat(), "kind": "chargeback", "amount_usd": 20}
    return {
        "grants": [opened | {"account_id": name, "grant_id": f"{name}-g", "credits": 50} for name in names],
        "usage": [
            spent
            | {
                "account_id": name,
                "event_id": f"{name}-{i}",
                "occurred_at": (now - timedelta(hours=30, minutes=i)).isoformat(),
            }
            for name in names
            for i in range(20)
        ],
        "billing": [back | {"account_id": name, "billing_id": name} for name in names],
    }


def send(service: Service, key: dict[str, str], rows: dict[str, list[dict[str, Any]]]) -> None:
    """Send until it is acknowledged, as a sender does."""
    for table, sent in rows.items():
        answer = httpx.post(f"{service.address}/v1/{table}", json=sent, headers=key, timeout=30)
        assert answer.status_code == 202, answer.text
        assert answer.json()["rejected"] == []


def wait_until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends, "it never became so"
        time.sleep(0.1)


def fetch(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query.encode()).fetchall()


def delivered(database: Database) -> bool:
    with database.connection() as connection:
        return count_undelivered(connection).waiting == 0


def give_back(database: Database) -> None:
    """What a dead worker had taken for half a minute, or two, is free now: nobody waits for that here."""
    for table in ("marks", "outbox"):
        fetch(database, f"UPDATE {table} SET taken_until = least(taken_until, now()) RETURNING 1")  # noqa: S608 - ours


def live_through(kills: int, batches: int, database: Database, serve: Serve, folder: str) -> tuple[set[str], set[str]]:
    """Send so many batches, killing the service during some of them, and wait until all is decided and delivered.

    Gives the accounts of what was acknowledged, twenty events each, and the messages that the ledger heard.
    """
    heard: set[str] = set()

    def listen(_: str, __: str, headers: dict[str, str], body: bytes) -> HttpAnswer:
        Webhook(SECRET).verify(body, headers)
        heard.add(headers["webhook-id"])
        return 204, {}, b""

    told = {"webhook_url": serve(listen), "webhook_secret": SECRET, "webhook_private": "true"}
    draw, key = random.Random(4), key_of(database)  # noqa: S311 - a test's draw
    fatal = draw.sample(range(4, batches - 4), kills)
    with serving(home=folder, database_url=database.url, **told) as service:
        for number in range(batches):
            rows = batch(number)
            if number in fatal:  # while the batch is on its way
                with httpx.Client() as client, pytest.raises(httpx.HTTPError):
                    _kill_during(client, service, key, rows["usage"])
                service.start()
                give_back(database)
            send(service, key, rows)
        names = {f"account-{number}-{place}" for number in range(batches) for place in range(2)}
        wait_until(lambda: len(fetch(database, "SELECT FROM standing WHERE action = 'hold'")) == len(names))
        wait_until(lambda: delivered(database))
    return names, heard


def test_killed_three_times_nothing_acknowledged_is_lost_and_nothing_decided_twice(
    database: Database, serve: Serve, folder: str
) -> None:
    names, heard = live_through(3, 16, database, serve, folder)
    events = fetch(database, "SELECT event_id FROM usage")
    assert sorted(events) == sorted((f"{name}-{i}",) for name in names for i in range(20))
    assert sorted(fetch(database, "SELECT account_id FROM decisions")) == sorted((name,) for name in names)
    assert {notice for (notice,) in fetch(database, "SELECT id FROM outbox")} == heard


def _kill_during(client: httpx.Client, service: Service, key: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """Send the batch line by line, and kill the service before the last."""

    def lines() -> Iterator[bytes]:
        for row in rows[:-1]:
            yield json.dumps(row).encode() + b"\n"
        service.kill()
        yield json.dumps(rows[-1]).encode()

    headers = key | {"Content-Type": "application/x-ndjson"}
    client.post(f"{service.address}/v1/usage", content=lines(), headers=headers).raise_for_status()
    # The last line may be in the socket's buffer; what matters is that nobody acknowledged it.
    raise httpx.ReadError("acknowledged by a dead service")


def test_while_the_database_is_away_it_says_when_to_come_back_and_then_goes_on(folder: str) -> None:
    home, elsewhere = Path(folder, "one"), Path(folder, "two")
    with run_server(home) as url:
        with open_database(url, connections=2) as database:
            upgrade(database)
            key = key_of(database)
        service = Service(home=str(elsewhere), database_url=url)
        service.start()
        send(service, key, batch(1))
    try:
        with ThreadPoolExecutor(2) as pool:
            asking = pool.submit(_ask, service, {"account_id": "account-1-0"}, key)
            ready = httpx.get(f"{service.address}/readyz", timeout=60)
            away = asking.result()
        assert (away.status_code, ready.status_code) == (503, 503)
        assert int(away.headers["retry-after"]) > 0
        with run_server(home):
            wait_until(lambda: httpx.get(f"{service.address}/readyz", timeout=60).status_code == 200)
            send(service, key, batch(2))
            asked = {"account_id": "account-2-0"}
            wait_until(lambda: _ask(service, asked, key).status_code == 200)
            assert service.kill(signal.SIGTERM) in STOPPED
    finally:
        if service.process is not None and service.process.poll() is None:
            service.kill()


def _ask(service: Service, asked: dict[str, str], key: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{service.address}/v1/risk", json=asked, headers=key, timeout=60)


def test_a_service_that_is_asked_to_stop_finishes_what_it_began(database: Database, folder: str) -> None:
    key = key_of(database)
    with serving(home=folder, database_url=database.url) as service:
        rows = batch(1)["usage"]

        def lines() -> Iterator[bytes]:
            for row in rows[:-1]:
                yield json.dumps(row).encode() + b"\n"
            assert service.process is not None
            service.process.send_signal(signal.SIGTERM)
            yield json.dumps(rows[-1]).encode()

        headers = key | {"Content-Type": "application/x-ndjson"}
        answer = httpx.post(f"{service.address}/v1/usage", content=lines(), headers=headers, timeout=60)
        assert answer.json()["accepted"] == len(rows)
    assert len(fetch(database, "SELECT FROM usage")) == len(rows)
