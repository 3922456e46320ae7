"""The service killed twenty times while rows come in: ``make bench-kills``. What a test does three times, counted."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from conftest import listening
from grantguard.store.database import Database, open_database
from grantguard.store.migrating import upgrade
from grantguard.store.server import run_server
from test_bad_days import fetch, live_through

KILLS, BATCHES = 20, 60


def main() -> None:
    """Print what became of what was acknowledged, on one line."""
    with (
        tempfile.TemporaryDirectory(prefix="grantguard-") as folder,
        run_server(Path(folder, "home")) as url,
        open_database(url) as database,
        listening() as serve,
    ):
        upgrade(database)
        names, heard = live_through(KILLS, BATCHES, database, serve, str(Path(folder, "service")))
        sys.stdout.write(describe(database, names, heard) + "\n")


def describe(database: Database, names: set[str], heard: set[str]) -> str:
    """The counts, as a line."""
    acknowledged = {f"{name}-{number}" for name in names for number in range(20)}
    events, decisions = (
        times(database, "SELECT event_id FROM usage"),
        times(database, "SELECT account_id FROM decisions"),
    )
    once = sum(events[event] == 1 for event in acknowledged)
    twice = sum(decided > 1 for decided in decisions.values())
    messages = {notice for (notice,) in fetch(database, "SELECT id FROM outbox")}
    return (
        f"{KILLS} kills: {len(acknowledged):,} events acknowledged, {once:,} there once;"
        f" {len(decisions)} of {len(names)} accounts decided, {twice} decisions twice;"
        f" {len(messages & heard)} of {len(messages)} messages heard"
    )


def times(database: Database, query: str) -> Counter[str]:
    """How often each value of one column comes."""
    return Counter(value for (value,) in fetch(database, query))


if __name__ == "__main__":
    main()
