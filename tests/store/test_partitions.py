"""Usage is cut by month."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from grantguard.contract import TIME
from grantguard.store.database import Database
from grantguard.store.partitions import make_months, month_of, months, name_of


def moments(*told: datetime) -> pl.Series:
    return pl.Series(told, dtype=TIME)


def test_a_month_is_made_once(database: Database) -> None:
    with database.connection() as connection:
        for day in (3, 20):
            make_months(connection, moments(datetime(2025, 12, day, tzinfo=UTC)))
        assert months(connection) == ("usage_2025_12",)


def test_a_year_ends_with_december(database: Database) -> None:
    edge = [datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)]
    with database.connection() as connection:
        make_months(connection, moments(*edge))
        assert months(connection) == ("usage_2025_12", "usage_2026_01")


def test_a_name_tells_its_month() -> None:
    assert month_of(name_of(datetime(2025, 3, 1, tzinfo=UTC))) == (2025, 3)
