"""Worlds, histories and a bundle that many tests read and none changes; a database for each test that asks for one."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import psycopg
import pytest

from grantguard.forest import Bundle, RiskForest
from grantguard.histories import Histories, Past, ask
from grantguard.signals import extract
from grantguard.store.database import Database, open_database
from grantguard.store.migrating import upgrade
from grantguard.store.server import run_server
from grantguard.training import Recipe, train
from grantguard.vocabulary import Decision, Reason, Recheck, Support
from grantguard.worlds import World, simulate


@pytest.fixture(scope="session")
def world() -> World:
    return simulate(700, seed=5, prevalence=0.05)


@pytest.fixture(scope="session")
def past(world: World) -> Past:
    return Past.of(world.tables)


@pytest.fixture(scope="session")
def histories(past: Past) -> Histories:
    return past.up_to(ask(past.account_ids, past.events["occurred_at"].max()))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def signals(histories: Histories) -> pl.DataFrame:
    return extract(histories)


@pytest.fixture(scope="session")
def trained(world: World) -> tuple[Bundle, RiskForest]:
    at = world.tables.usage["occurred_at"].max()
    return train(world.tables, at, Recipe(trees=60, sample=256))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def bundle(trained: tuple[Bundle, RiskForest]) -> Bundle:
    return trained[0]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of one embedded PostgreSQL for all tests of a process, with a migrated database to copy."""
    # Not in pytest's own folder, which every session that starts closes to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="grantguard-") as home, run_server(Path(home)) as url:
        # A test's data need not outlive a power cut.
        for line in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "CREATE DATABASE template_grantguard"):
            administer(url, line)
        with open_database(database_url(url, "template_grantguard"), connections=1) as template:
            upgrade(template)
        yield url


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder for an embedded server of the test's own."""
    with tempfile.TemporaryDirectory(prefix="grantguard-") as folder:
        yield Path(folder)


@pytest.fixture
def database(server: str) -> Iterator[Database]:
    """A migrated database of the test's own."""
    name = f"test_{uuid.uuid4().hex}"
    administer(server, f"CREATE DATABASE {name} TEMPLATE template_grantguard")
    with open_database(database_url(server, name), connections=4) as opened:
        yield opened
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def hold() -> Decision:
    """Ada's two grants are held for a week."""
    noon = datetime(2025, 5, 10, 12, tzinfo=UTC)
    return Decision(
        decision_id="d1",
        account_id="ada",
        grants=("g1", "g2"),
        at=noon,
        action="hold",
        enforced=True,
        status="scored",
        risk=0.97,
        p_value=0.001,
        held_until=noon + timedelta(days=7),
        recheck=Recheck(12.5, noon + timedelta(days=1)),
        reasons=(Reason("gap_variation", "tempo", 0.02, "ratio", 1.1, 0.999, 1.5, "gaps vary by only 2%"),),
        support=Support(420, 3, ("links",)),
        promo_credits_spent=37.5,
        promo_credits_left=62.5,
        model_version="m1",
        rules_version="r1",
    )


def administer(url: str, line: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(line.encode())


def database_url(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
