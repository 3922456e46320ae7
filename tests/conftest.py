"""Worlds, histories and a bundle that many tests read and none changes; a database for each test that asks for one."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import polars as pl
import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from grantguard.console import PREFIX, Office, create_console
from grantguard.console.guarding import SESSION, sign
from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE, Tables
from grantguard.forest import Bundle, RiskForest
from grantguard.histories import Histories, Past, ask
from grantguard.policy import Rules
from grantguard.service import Deployment, Limits, create_app
from grantguard.settlement import Charge, Desk
from grantguard.signals import extract
from grantguard.sources.hashing import Hasher
from grantguard.store.database import Database, open_database
from grantguard.store.ingesting import ingest
from grantguard.store.keys import SCOPES, create_key
from grantguard.store.migrating import upgrade
from grantguard.store.people import add_person
from grantguard.store.server import run_server
from grantguard.store.sessions import open_session
from grantguard.store.shelf import Shelf
from grantguard.training import Recipe, train
from grantguard.vocabulary import Decision, Reason, Recheck, Support
from grantguard.worlds import World, simulate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
Keep = Callable[..., None]
HttpAnswer = tuple[int, dict[str, str], bytes]
Serve = Callable[[Callable[[str, str, dict[str, str], bytes], HttpAnswer]], str]

SPEND_LOGS = """
    CREATE TABLE "LiteLLM_SpendLogs" (
        request_id text PRIMARY KEY, call_type text NOT NULL, api_key text NOT NULL DEFAULT '',
        spend double precision NOT NULL DEFAULT 0, total_tokens integer NOT NULL DEFAULT 0,
        prompt_tokens integer NOT NULL DEFAULT 0, completion_tokens integer NOT NULL DEFAULT 0,
        "startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL, "completionStartTime" timestamp(3),
        request_duration_ms integer, model text NOT NULL DEFAULT '', model_id text DEFAULT '',
        model_group text DEFAULT '', custom_llm_provider text DEFAULT '', api_base text DEFAULT '',
        "user" text DEFAULT '', metadata jsonb DEFAULT '{}', cache_hit text DEFAULT '', cache_key text DEFAULT '',
        request_tags jsonb DEFAULT '[]', team_id text, end_user text, requester_ip_address text,
        messages jsonb DEFAULT '{}', response jsonb DEFAULT '{}', proxy_server_request jsonb DEFAULT '{}',
        session_id text, status text, mcp_namespaced_tool_name text, agent_id text, billing_agent_id text,
        litellm_call_id text, created_at timestamp(3), updated_at timestamp(3)
    );
    CREATE INDEX ON "LiteLLM_SpendLogs" ("startTime", request_id);
"""
"""LiteLLM's own table of requests."""


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
def gateway_url(server: str) -> Iterator[str]:
    """The URL of a database such as LiteLLM's, with its table and no row."""
    name = f"gateway_{uuid.uuid4().hex}"
    administer(server, f"CREATE DATABASE {name}")
    administer(database_url(server, name), SPEND_LOGS)
    yield database_url(server, name)
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


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start real servers on loopback."""
    with listening() as start:
        yield start


@contextmanager
def listening() -> Iterator[Serve]:
    """Start a real server on loopback: given what to answer to method, path, headers and body, its address."""
    running: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str, str, dict[str, str], bytes], HttpAnswer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, told, content = answer(self.command, self.path, headers, body)
                self.send_response(status)
                for name, value in told.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(server)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def desk(database: Database, bundle: Bundle, tmp_path: Path) -> Desk:
    return Desk(database, Charge(bundle, Shelf(tmp_path)), Rules(second_person_above=100.0))


@pytest.fixture
def keep(database: Database) -> Keep:
    """Keep an account's rows, as a sender would; with a chargeback it is held, whatever else is known.

    It has spent three credits; ``spent`` are more, in one request at noon.
    """

    def send(
        name: str,
        *,
        given_credits: float = 60.0,
        chargebacks: int = 0,
        grants: tuple[str, ...] = ("g",),
        mail: str | None = None,
        spent: float = 0.0,
    ) -> None:
        opened = NOON - timedelta(days=2)
        account = {"account_id": name, "created_at": opened, "plan": "free", "email_hash": mail}
        given = {
            "account_id": name,
            "campaign": "welcome",
            "kind": "starter",
            "granted_at": opened,
            "credits": given_credits,
        }
        event = {
            "account_id": name,
            "category": "standard_chat",
            "input_tokens": 90,
            "output_tokens": 40,
            "status": "ok",
        }
        money = {"account_id": name, "kind": "chargeback", "amount_usd": 20.0}
        tables = Tables.of(
            accounts=pl.DataFrame([account]),
            grants=pl.DataFrame([given | {"grant_id": f"{name}-{grant}"} for grant in grants]),
            usage=pl.DataFrame(
                [
                    event | {"event_id": f"e{i}", "credits": 0.1, "occurred_at": opened + timedelta(minutes=i)}
                    for i in range(30)
                ]
                + [event | {"event_id": f"s{spent}", "credits": spent, "occurred_at": NOON}] * (spent > 0)
            ),
            billing=pl.DataFrame(
                [
                    money | {"billing_id": f"{name}-{i}", "occurred_at": opened + timedelta(hours=1 + i)}
                    for i in range(chargebacks)
                ],
                schema=BILLING.schema,
            ),
        )
        for table in (ACCOUNTS, GRANTS, USAGE, BILLING):
            with database.connection() as connection:
                ingest(connection, table, getattr(tables, table.name), NOON)

    return send


class Sender:
    """Who asks: a client with a key of every scope."""

    noon = NOON

    def __init__(self, client: TestClient, keys: dict[str, str]) -> None:
        self.client, self.keys = client, keys

    def bearer(self, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[scope]}"}

    def post(self, scope: str, path: str, json: Any = None, **more: Any) -> Any:  # noqa: ANN401 - JSON
        headers = self.bearer(scope) | more.pop("headers", {})
        body = {"json": json} if json is not None else {}
        return self.client.post(path, headers=headers, **body, **more)

    def get(self, scope: str, path: str) -> Any:  # noqa: ANN401 - an answer
        return self.client.get(path, headers=self.bearer(scope))

    def keep(self, name: str, *, events: int = 30, chargebacks: int = 0, given: float = 60.0) -> None:
        """Send an account's rows; with a chargeback it is held, whatever else is known."""
        opened = NOON - timedelta(days=2)
        for table, rows in {
            "accounts": [{"account_id": name, "created_at": opened.isoformat(), "plan": "free"}],
            "grants": [self.grant(name, credits=given)],
            "usage": [self.event(name, i) for i in range(events)],
            "billing": [self.charged_back(name, i) for i in range(chargebacks)],
        }.items():
            assert self.post("ingest", f"/v1/{table}", rows).status_code == 202

    @staticmethod
    def grant(name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
        given = (NOON - timedelta(days=2)).isoformat()
        row = {
            "account_id": name,
            "grant_id": f"{name}-g",
            "campaign": "welcome",
            "kind": "starter",
            "granted_at": given,
        }
        return row | {"credits": 60.0} | changes

    @staticmethod
    def event(name: str, number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
        when = NOON - timedelta(days=2) + timedelta(minutes=number)
        row: dict[str, Any] = {"event_id": f"e{number}", "account_id": name, "occurred_at": when.isoformat()}
        row |= {"category": "standard_chat", "input_tokens": 90, "output_tokens": 40, "credits": 0.1, "status": "ok"}
        return row | changes

    @staticmethod
    def charged_back(name: str, number: int) -> dict[str, Any]:
        when = (NOON - timedelta(days=1) + timedelta(minutes=number)).isoformat()
        row = {"billing_id": f"{name}-{number}", "account_id": name, "occurred_at": when}
        return row | {"kind": "chargeback", "amount_usd": 20.0}


@pytest.fixture
def limits() -> Limits:
    return Limits(rate=10_000.0, burst=10_000, wrong_rate=10_000.0, wrong_burst=10_000)


@pytest.fixture
def deployment(database: Database, bundle: Bundle, tmp_path: Path, limits: Limits) -> Deployment:
    shelf = Shelf(tmp_path)
    desk = Desk(database, Charge(bundle, shelf), Rules(second_person_above=100.0))
    ticks = count()
    return Deployment(
        desk,
        shelf,
        Hasher(b"a secret of the tests"),
        lambda: NOON + timedelta(milliseconds=next(ticks)),
        limits=limits,
    )


@pytest.fixture
def keys(database: Database) -> dict[str, str]:
    with database.connection() as connection:
        return {scope: create_key(connection, f"key of {scope}", [scope], NOON) for scope in SCOPES}


@pytest.fixture
def sender(deployment: Deployment, bundle: Bundle, keys: dict[str, str]) -> Iterator[Sender]:
    with TestClient(create_app(bundle, deployment)) as client:
        yield Sender(client, keys)


@pytest.fixture
def office(database: Database, bundle: Bundle, tmp_path: Path) -> Office:
    """Its clock goes on by a second whenever it is read."""
    shelf, ticks = Shelf(tmp_path), count()
    desk = Desk(database, Charge(bundle, shelf), Rules(second_person_above=100.0))
    return Office(desk, shelf, lambda: NOON + timedelta(seconds=next(ticks)))


class Visit:
    """A browser without a screen: its cookies, and the forms of pages sent as they stand there."""

    def __init__(self, office: Office) -> None:
        app = FastAPI()
        app.mount(PREFIX, create_console(office))
        self.office = office
        self.client = TestClient(app, follow_redirects=False)

    def enter(self, name: str) -> Visit:
        """Come in under a session that is opened in the store: a password takes its time."""
        with self.office.desk.database.connection() as connection:
            self.client.cookies.set(SESSION, open_session(connection, name, self.office.clock()), path=PREFIX)
        return self

    @property
    def token(self) -> str:
        return self.client.cookies[SESSION]

    def get(self, path: str) -> Any:  # noqa: ANN401 - an answer
        return self.client.get(f"{PREFIX}{path}")

    def post(self, path: str, **fields: str) -> Any:  # noqa: ANN401 - the same
        """Send a form that was made for this session."""
        return self.client.post(f"{PREFIX}{path}", data={"csrf": sign(self.token)} | fields)


@pytest.fixture
def visit(office: Office) -> Callable[[str], Visit]:
    """Visitors by name; grace reviews, alan approves too, root is an admin alone."""
    roles = {"grace": ["reviewer"], "alan": ["reviewer", "approver"], "root": ["admin"]}
    with office.desk.database.connection() as connection:
        for name, given in roles.items():
            add_person(connection, name, given, None, office.clock())
    return lambda name: Visit(office).enter(name)


@pytest.fixture
def quoted() -> Callable[[str], str]:
    """An id as an address tells it."""
    return lambda name: quote(name, safe="")


SMALL = {
    "spark.executor.memory": "700m",
    "spark.scheduler.minRegisteredResourcesRatio": "1",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
}
"""A population of a few hundred accounts is soon shuffled."""


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark session for all tests of a process: two executors, each a process of its own."""
    if shutil.which("java") is None and os.environ.get("CI") != "true":
        pytest.skip("Spark needs a Java, and there is none on the path")
    import pyspark  # noqa: PLC0415 - few tests need it, and it takes a while

    from grantguard.spark import open_cluster  # noqa: PLC0415 - the same

    home = tmp_path_factory.mktemp("spark")
    for part in ("bin", "jars", "python"):
        (home / part).symlink_to(Path(pyspark.__file__).parent / part)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # A cluster on one machine writes its logs into its own folder, which is to be the test's.
        patch.setenv("SPARK_HOME", str(home))
        patch.setenv("PYTHONPATH", str(Path(__file__).parent.parent / "src"))
        with open_cluster("local-cluster[2,1,700]", SMALL) as opened:
            yield opened
