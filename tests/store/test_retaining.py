"""What is old goes, unless a promotional era still reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from grantguard.contract import GRANTS, USAGE, complete_columns
from grantguard.store.database import Database
from grantguard.store.ingesting import ingest
from grantguard.store.reading import read_tables
from grantguard.store.retaining import Forgotten, retain

NOW = datetime(2025, 12, 10, tzinfo=UTC)
MARCH = datetime(2025, 3, 15, tzinfo=UTC)


def use(database: Database, account_id: str, *moments: datetime) -> None:
    usual = {"category": "tool_use", "input_tokens": 1, "output_tokens": 1, "credits": 1.0, "status": "ok"}
    told = [{"event_id": f"{at}", "account_id": account_id, "occurred_at": at} | usual for at in moments]
    with database.connection() as connection:
        ingest(connection, USAGE, complete_columns(pl.DataFrame(told), USAGE), NOW)


def give(database: Database, account_id: str, granted_at: datetime, expires_at: datetime | None) -> None:
    told = {"grant_id": account_id, "account_id": account_id, "campaign": "c", "kind": "k", "credits": 1.0}
    frame = pl.DataFrame([told | {"granted_at": granted_at, "expires_at": expires_at}])
    with database.connection() as connection:
        ingest(connection, GRANTS, complete_columns(frame, GRANTS), NOW)


def forget(database: Database, days: int = 90) -> Forgotten:
    with database.connection() as connection:
        return retain(connection, days, NOW)


def kept(database: Database, account_id: str = "ada") -> list[datetime]:
    return read_tables(database, [account_id]).usage["occurred_at"].sort().to_list()


def test_a_month_that_nobody_needs_is_dropped_whole(database: Database) -> None:
    use(database, "ada", MARCH, NOW)
    assert forget(database) == Forgotten(("usage_2025_03",), 0)
    assert kept(database) == [NOW]


def test_part_of_a_month_goes_by_rows(database: Database) -> None:
    old, young = NOW - timedelta(days=91), NOW - timedelta(days=89)
    use(database, "ada", old, young)
    assert forget(database) == Forgotten((), 1)
    assert kept(database) == [young]


def test_a_promotional_era_and_its_margin_are_kept(database: Database) -> None:
    give(database, "ada", MARCH, MARCH + timedelta(days=10))
    inside = [MARCH - timedelta(days=29), MARCH, MARCH + timedelta(days=39)]
    use(database, "ada", MARCH - timedelta(days=31), *inside, MARCH + timedelta(days=41))
    forget(database)
    assert kept(database) == inside


def test_a_grant_that_never_expires_keeps_all_that_came_after(database: Database) -> None:
    give(database, "ada", MARCH, None)
    use(database, "ada", MARCH, MARCH + timedelta(days=150))
    assert forget(database) == Forgotten((), 0)


def test_anothers_era_keeps_nobody_elses_usage(database: Database) -> None:
    give(database, "ada", MARCH, None)
    use(database, "ada", MARCH)
    use(database, "bo", MARCH)
    assert forget(database) == Forgotten((), 1)
    assert kept(database, "bo") == []
