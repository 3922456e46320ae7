"""The metrics at a port of their own: without a key, current, and there when the database is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from grantguard.errors import UsageError
from grantguard.service import Deployment
from grantguard.service.watching import watching
from grantguard.store.database import Database

Sender = Any
"""Of tests/conftest.py."""


@pytest.fixture
def address(deployment: Deployment) -> Iterator[str]:
    with watching(deployment, 0) as port:
        yield f"http://127.0.0.1:{port}/metrics"


def test_what_is_told_needs_no_key_and_is_current(address: str, sender: Sender) -> None:
    assert "grantguard_marked_accounts 0.0" in httpx.get(address).text
    sender.keep("ada")
    told = httpx.get(address).text
    assert "grantguard_marked_accounts 1.0" in told
    assert 'grantguard_ingested_rows_total{fate="accepted",table="usage"} 30.0' in told


def test_one_metric_can_be_asked_for(address: str) -> None:
    told = httpx.get(address, params={"name[]": "grantguard_outbox_messages"}).text
    assert [line for line in told.splitlines() if line[0] != "#"] == ["grantguard_outbox_messages 0.0"]


def test_without_the_database_the_counters_are_told_and_its_gauges_are_no_numbers(
    address: str, sender: Sender, database: Database
) -> None:
    sender.keep("ada")
    database.pool.close()
    told = httpx.get(address).text
    assert "grantguard_marked_accounts NaN" in told
    assert 'grantguard_ingested_rows_total{fate="accepted",table="usage"} 30.0' in told


def test_a_port_that_is_taken_is_named(deployment: Deployment) -> None:
    with watching(deployment, 0) as port, pytest.raises(UsageError, match=f"GRANTGUARD_METRICS_PORT: {port}"):
        watching(deployment, port).__enter__()


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"]], ids=["serve", "worker"])
def test_services_and_workers_take_the_setting(
    deployment: Deployment, database: Database, tmp_path: Path, command: list[str]
) -> None:
    with watching(deployment, 0) as taken:
        told = {"HOME": tmp_path, "DATABASE_URL": database.url, "METRICS_PORT": taken}
        environment = os.environ | {f"GRANTGUARD_{name}": str(value) for name, value in told.items()}
        model = Path(__file__).parents[2] / "models" / "default"
        whole = [sys.executable, "-m", "grantguard", *command, "--model", str(model)]
        done = subprocess.run(whole, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (done.returncode, f"GRANTGUARD_METRICS_PORT: {taken}" in done.stderr) == (2, True)
