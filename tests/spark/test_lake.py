"""An account of any length is cut before a task sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

from grantguard.contract import USAGE
from grantguard.errors import ColumnMissing, FileMissing
from grantguard.faults import Fault
from grantguard.histories import PAST_EVENTS
from grantguard.spark import Lake
from grantguard.spark.reading import cut, find_faults, measure

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
    kept = cut(usage, measure(usage, NOON, 50), 50).collect()
    theirs = {
        name: sorted(int(row["event_id"]) for row in kept if row["account_id"] == name) for name in ("ada", "bob")
    }
    assert theirs["ada"] == [*range(PAST_EVENTS), *range(450, 500)]
    assert theirs["bob"] == list(range(40))


def test_the_newest_time_is_that_of_a_row_that_breaks_no_rule(spark: SparkSession, tmp_path: Path) -> None:
    write_usage(tmp_path, ada=30)
    lake = Lake(spark, str(tmp_path), NOON)
    usage = lake.need(USAGE)
    last = sf.when(sf.col("event_id") == "0029", -1).otherwise(sf.col("input_tokens"))
    broken = usage.withColumn("input_tokens", last)
    likely = measure(broken, lake.latest).newest
    assert likely == NOON + timedelta(minutes=29)
    assert lake.find_newest(broken, likely) == NOON + timedelta(minutes=28)


def test_a_column_at_fault_is_found_and_others_are_cleared_at_a_glance(spark: SparkSession) -> None:
    accounts = 3_000
    rows = [(f"a{i}", "proxy" if i % 5 < 3 else f"ip{i}", f"session {i}") for i in range(accounts)]
    usage = spark.createDataFrame(rows, "account_id string, ip_hash string, session_id string")
    assert find_faults(usage, USAGE, accounts) == (Fault("usage", "ip_hash", accounts, 0.6),)


def test_a_table_that_is_not_there_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"no usage\.parquet"):
        Lake(spark, str(tmp_path), NOON).need(USAGE)


def test_a_column_that_is_needed_is_named(spark: SparkSession, tmp_path: Path) -> None:
    pl.DataFrame({"account_id": ["ada"]}).write_parquet(tmp_path / "usage.parquet")
    with pytest.raises(ColumnMissing, match="column event_id is missing"):
        Lake(spark, str(tmp_path), NOON).need(USAGE)
