"""An account of any length is cut before a task sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from pyspark.sql import SparkSession

from grantguard.contract import USAGE
from grantguard.errors import ColumnMissing, FileMissing
from grantguard.histories import PAST_EVENTS
from grantguard.spark import Lake
from grantguard.spark.reading import cut, measure

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


def write_usage(folder: Path, **lengths: int) -> None:
    """So many events of each account, a minute apart; the event's id is its number."""
    event = {"category": "standard_chat", "input_tokens": 9, "output_tokens": 4, "credits": 0.1, "status": "ok"}
    rows = [
        event | {"account_id": name, "event_id": f"{i:04}", "occurred_at": NOON + timedelta(minutes=i)}
        for name, length in lengths.items()
        for i in range(length)
    ]
    pl.DataFrame(rows).sample(fraction=1, shuffle=True, seed=1).write_parquet(folder / "usage.parquet")


def test_of_a_long_account_the_newest_events_are_read_and_the_first_few(spark: SparkSession, tmp_path: Path) -> None:
    write_usage(tmp_path, ada=500, bob=40)
    usage = Lake(spark, str(tmp_path), NOON).need(USAGE)
    kept = cut(usage, measure(usage, 50), 50).collect()
    theirs = {
        name: sorted(int(row["event_id"]) for row in kept if row["account_id"] == name) for name in ("ada", "bob")
    }
    assert theirs["ada"] == [*range(PAST_EVENTS), *range(450, 500)]
    assert theirs["bob"] == list(range(40))


def test_a_table_that_is_not_there_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"no usage\.parquet"):
        Lake(spark, str(tmp_path), NOON).need(USAGE)


def test_a_column_that_is_needed_is_named(spark: SparkSession, tmp_path: Path) -> None:
    pl.DataFrame({"account_id": ["ada"]}).write_parquet(tmp_path / "usage.parquet")
    with pytest.raises(ColumnMissing, match="column event_id is missing"):
        Lake(spark, str(tmp_path), NOON).need(USAGE)
