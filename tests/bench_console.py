"""How long the console's pages take in a store of many: filled by COPY, asked in process, told as a table.

``python tests/bench_console.py [accounts] [events]``; 100,000 and 5,000,000 where nothing is said.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from fastapi import FastAPI
from fastapi.testclient import TestClient

from grantguard.console import PREFIX, Office, create_console
from grantguard.console.guarding import SESSION
from grantguard.figures import COUNTS
from grantguard.forest import unpack
from grantguard.settlement import Charge, Desk
from grantguard.store.bundles import read_bundle
from grantguard.store.copying import copy_rows
from grantguard.store.database import Connection, Database, open_database
from grantguard.store.figures import keep_figures
from grantguard.store.migrating import upgrade
from grantguard.store.partitions import make_months
from grantguard.store.people import ROLES, add_person
from grantguard.store.server import run_server
from grantguard.store.sessions import open_session
from grantguard.store.shelf import Shelf
from grantguard.training import NAMES

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
AT_ONCE = 500_000
TRIES = 21
HEAVY = 50_000
"""Events of the account that has the most."""

CROWD = 900
"""Accounts of the largest ring, and lines of the audit trail for each account."""
DEEDS = 3

HELD, JUDGED, WEEKS = range(1_000, 2_000), range(2_000, 7_000), 12
"""Accounts that are held and appeal, half of the appeals settled, the others wait for a second person; those judged."""

SUPPORT = '{"events": 50, "days": 4, "missing_families": []}'

NAME = "a" + pl.col("number").cast(pl.String)
OVER = pl.col("number") % 2 == 1
SINCE = pl.lit(NOW) - pl.duration(minutes=pl.col("number"))

REASONS = (
    '[{"signal": "%s", "family": "tempo", "value": 0.2, "unit": "ratio", "typical": 1.1, "percentile": 99.1,'
    ' "contribution": 1.2, "text": "gaps between requests vary by only 20%%"}]'
)
PAGES = {
    "log-in": "/login",
    "queue": "/queue",
    "queue, filtered": "/queue?action=hold&money=10&ring=2",
    "account": "/accounts/{}",
    "account, held": "/accounts/a1200",
    "account of 50,000 events": "/accounts/a0",
    "events": "/accounts/{}/events",
    "events of 50,000, page 500": "/accounts/a0/events?page=500",
    "confirm": "/confirm",
    "confirm, one": "/confirm/a1200",
    "search": "/search?q={}",
    "ring": "/rings/ring:a1200",
    "ring of 900": "/rings/ring:a0",
    "verdict on a ring of 900": "/rings/ring:a0/verdict",
    "appeals": "/appeals",
    "appeals, settled": "/appeals?which=settled",
    "an appeal": "/appeals/ap-a1200",
    "campaigns": "/campaigns",
    "a campaign": "/campaigns/welcome",
    "models": "/models",
    "audit": "/audit",
    "audit, of one account": "/audit?subject={}",
    "audit, of one person": "/audit?actor=kurt&action=verdict",
}


def main() -> None:
    accounts, events = (int(word) for word in [*sys.argv[1:], "100000", "5000000"][:2])
    with (
        tempfile.TemporaryDirectory(prefix="grantguard-") as home,
        run_server(Path(home)) as url,
        open_database(url) as database,
    ):
        upgrade(database)
        began = time.perf_counter()
        fill(database, accounts, events)
        print(f"filled in {time.perf_counter() - began:.0f} s: {accounts:,} accounts, {events:,} events")  # noqa: T201 - a bench
        measure(database, Path(home), accounts)


def count(desk: Desk) -> None:
    """What the worker does, so that the pages need not."""
    for name, (do, _) in COUNTS.items():
        began = time.perf_counter()
        told = do(desk, NOW)
        with desk.database.connection() as connection:
            keep_figures(connection, name, told, NOW)
        print(f"{name + ', counted by the worker':<28} {time.perf_counter() - began:6.1f} s")  # noqa: T201 - a bench


def measure(database: Database, home: Path, accounts: int) -> None:
    root = Path(__file__).parent.parent
    charge = Charge(unpack(read_bundle(root / "models" / "default"), NAMES), Shelf(home / "shelf"))
    office = Office(Desk(database, charge), Shelf(home / "shelf"), lambda: NOW)
    with database.connection() as connection:
        add_person(connection, "grace", ROLES, None, NOW)
        token = open_session(connection, "grace", NOW)
    count(office.desk)
    app = FastAPI()
    app.mount(PREFIX, create_console(office))
    rng = np.random.default_rng(1)
    with TestClient(app, follow_redirects=False) as client:
        client.cookies.set(SESSION, token, path=PREFIX)
        for name, path in PAGES.items():
            took, status = [], 0
            for _ in range(TRIES):
                asked = path.format(f"a{rng.integers(1, accounts)}")
                began = time.perf_counter()
                status = client.get(f"{PREFIX}{asked}").status_code
                took.append(1000 * (time.perf_counter() - began))
            median, worst = statistics.median(took), sorted(took)[-2]
            print(f"{name:<28} {status}  median {median:6.0f} ms  p95 {worst:6.0f} ms  first {took[0]:6.0f} ms")  # noqa: T201 - a bench


def fill(database: Database, accounts: int, events: int) -> None:
    """Accounts in rings of four that share a device, one grant each, events at random, a risk each."""
    rng = np.random.default_rng(0)
    ids = pl.Series([f"a{i}" for i in range(accounts)])
    opened = NOW - pl.Series(rng.integers(1, 80 * 86_400, accounts)).cast(pl.Duration("ms")) * 1000
    people = pl.DataFrame({"account_id": ids, "created_at": opened, "plan": "free"})
    given = people.select(
        "account_id",
        grant_id=pl.col("account_id") + "-g",
        campaign=pl.Series(rng.choice(["welcome", "spring", "summer"], accounts)),
        kind=pl.lit("starter"),
        granted_at="created_at",
        credits=pl.lit(60.0),
    )
    with database.connection() as connection:
        copy_rows(connection, "accounts", people)
        copy_rows(connection, "grants", given)
        copy_rows(connection, "facts", shown(people))
        copy_rows(connection, "arrivals", people.select("account_id", seen_at="created_at"))
        copy_rows(connection, "milestones", people.select("account_id", "created_at", first_at="created_at"))
        copy_rows(connection, "likenesses", alike(people, rng))
        copy_rows(connection, "risks", rated(ids, rng))
        for number in range(DEEDS):
            copy_rows(connection, "audit", done(people, number))
        fill_reviews(connection)
    owners = np.concatenate([np.zeros(HEAVY, dtype=np.int64), rng.integers(1, accounts, events - HEAVY)])
    for start in range(0, events, AT_ONCE):
        part = used(owners[start : start + AT_ONCE], start, rng)
        with database.connection() as connection:
            make_months(connection, part["occurred_at"])
            copy_rows(connection, "usage", part)
    with database.statement() as connection:
        connection.execute("VACUUM ANALYZE")


def fill_reviews(connection: Connection) -> None:
    """What reviewers did and what waits for them: decisions, appeals, revocations, verdicts with their labels."""
    held, judged = (pl.DataFrame({"number": each}).with_columns(account_id=NAME) for each in (HELD, JUDGED))
    copy_rows(connection, "decisions", decided(held))
    copy_rows(connection, "standing", standing(held))
    copy_rows(connection, "appeals", appealed(held))
    copy_rows(connection, "revocations", asked_for(held.filter(~OVER)))
    given = judged.with_columns(
        at=pl.lit(NOW) - pl.duration(hours=pl.col("number") % (WEEKS * 168)),
        said=pl.when(pl.col("number") % 5 == 0).then(pl.lit("genuine")).otherwise(pl.lit("abuse")),
        reviewer=pl.lit("kurt"),
    )
    copy_rows(
        connection,
        "verdicts",
        given.select("account_id", "reviewer", given_at="at", verdict="said", note=pl.lit("seen")),
    )
    copy_rows(connection, "labels", given.select("account_id", "reviewer", labelled_at="at", label="said"))


def decided(held: pl.DataFrame) -> pl.DataFrame:
    reasons = pl.Series([REASONS % name for name in NAMES])
    return held.select(
        "account_id",
        decision_id="d-" + pl.col("account_id"),
        grants="{" + pl.col("account_id") + "-g}",
        at=SINCE,
        action=pl.lit("hold"),
        enforced=pl.lit(value=True),
        status=pl.lit("scored"),
        risk=pl.lit(0.7),
        p_value=pl.lit(0.001),
        held_until=SINCE + pl.duration(hours=72),
        reasons=pl.lit(reasons).gather(pl.col("number") % len(NAMES)),
        support=pl.lit(SUPPORT),
        promo_credits_spent=pl.lit(30.0),
        promo_credits_left=pl.lit(30.0),
        model_version=pl.lit("m"),
        rules_version=pl.lit("r"),
        seen=pl.lit('{"signals": {}}'),
    )


def standing(held: pl.DataFrame) -> pl.DataFrame:
    return held.select(
        "account_id",
        grant_id=pl.col("account_id") + "-g",
        action=pl.lit("hold"),
        enforced=pl.lit(value=True),
        sequence=pl.lit(1),
        held_until=SINCE + pl.duration(hours=72),
        evidence=pl.lit("e"),
        decision_id="d-" + pl.col("account_id"),
        changed_at=SINCE,
    )


def appealed(held: pl.DataFrame) -> pl.DataFrame:
    return held.select(
        "account_id",
        appeal_id="ap-" + pl.col("account_id"),
        decision_id="d-" + pl.col("account_id"),
        received_at=SINCE,
        received_by=pl.lit("desk"),
        message=pl.lit("It is my work. " * 40),
        settled_at=pl.when(OVER).then(SINCE),
        settled_by=pl.when(OVER).then(pl.lit("kurt")),
        outcome=pl.when(OVER).then(pl.lit("upheld")),
        settled_note=pl.when(OVER).then(pl.lit("the same script on forty accounts")),
    )


def asked_for(held: pl.DataFrame) -> pl.DataFrame:
    return held.select(
        "account_id", asked_at=SINCE, asked_by=pl.lit("kurt"), note=pl.lit("a farm"), credits=pl.lit(300.0)
    )


def used(owners: np.ndarray[tuple[int], np.dtype[np.int64]], start: int, rng: np.random.Generator) -> pl.DataFrame:
    count = len(owners)
    ago = pl.Series(rng.integers(0, 80 * 86_400, count)).cast(pl.Duration("ms")) * 1000
    return pl.DataFrame(
        {
            "event_id": pl.Series(np.arange(start, start + count)).cast(pl.String),
            "account_id": "a" + pl.Series(owners).cast(pl.String),
            "occurred_at": NOW - ago,
            "category": pl.Series(rng.choice(["standard_chat", "tool_use"], count)),
            "input_tokens": pl.Series(rng.lognormal(6, 2, count)).cast(pl.Int64),
            "output_tokens": pl.Series(rng.lognormal(5, 1, count)).cast(pl.Int64),
            "credits": pl.Series(rng.exponential(0.2, count)),
            "status": pl.Series(["ok"] * count),
            "session_id": "s" + pl.Series(rng.integers(0, 40, count)).cast(pl.String),
            "client": pl.Series(["sdk"] * count),
        }
    )


def shown(people: pl.DataFrame) -> pl.DataFrame:
    ring = (pl.int_range(pl.len()) // 4).cast(pl.String)
    facts = people.select("account_id", value="d" + ring, seen_at="created_at", kind=pl.lit("device"))
    rooms = people.select(
        "account_id", value="p" + (pl.int_range(pl.len()) // 90).cast(pl.String), seen_at="created_at"
    )
    return pl.concat([facts, rooms.with_columns(kind=pl.lit("prefix"))])


def done(people: pl.DataFrame, number: int) -> pl.DataFrame:
    many = pl.lit('{"accounts": ["') + pl.col("account_id") + pl.lit('"]}')
    return people.select(
        at=pl.lit(NOW),
        actor=pl.lit("kurt" if number else "grace"),
        action=pl.lit("verdict.abuse" if number else "account.viewed"),
        subject=pl.lit("accounts") if number else pl.col("account_id"),
        detail=many if number else pl.lit("{}"),
    )


def alike(people: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    hours = (people["created_at"] - NOW).dt.total_hours()
    return people.select(
        "account_id",
        kind=pl.lit("hour"),
        value="h" + hours.cast(pl.String),
        seen_at="created_at",
        likeness=pl.Series(rng.integers(0, 50, len(people))).cast(pl.String),
        bin=hours,
    )


def rated(ids: pl.Series, rng: np.random.Generator) -> pl.DataFrame:
    signals = list(rng.choice(NAMES, len(ids)))
    ring = pl.int_range(len(ids), eager=True) // 4 * 4
    ring = ring * (ring >= CROWD)
    p_value = pl.Series(rng.uniform(0.0005, 1, len(ids)))
    scarcity = -p_value.log10()
    return pl.DataFrame(
        {
            "account_id": ids,
            "at": NOW,
            "status": "scored",
            "risk": scarcity / (scarcity + 2),
            "p_value": p_value,
            "ring_id": "ring:a" + ring.cast(pl.String),
            "action": pl.Series(np.where(p_value.to_numpy() < 0.005, "hold", "allow")),
            "promo_credits_spent": pl.Series(rng.uniform(0, 60, len(ids))),
            "promo_credits_left": pl.Series(rng.uniform(0, 60, len(ids))),
            "model_version": "m",
            "signals": pl.Series([f"{{{name}}}" for name in signals]),
            "reasons": pl.Series([REASONS % name for name in signals]),
        }
    )


if __name__ == "__main__":
    main()
