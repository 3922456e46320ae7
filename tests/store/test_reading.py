"""Histories come back in the contract's types, of those asked about and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from grantguard.contract import INPUTS, USAGE, Table, complete_columns
from grantguard.store.database import Database
from grantguard.store.ingesting import ingest
from grantguard.store.reading import read_newest, read_tables

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


@pytest.fixture
def used(database: Database) -> Database:
    """Ada made five requests, one a month, and Bo one."""
    told = [
        {"event_id": f"{who}{i}", "account_id": who, "occurred_at": NOON - i * timedelta(days=31)}
        for who, times in (("ada", 5), ("bo", 1))
        for i in range(times)
    ]
    usual = {"category": "tool_use", "input_tokens": 1, "output_tokens": 1, "credits": 1.0, "status": "ok"}
    with database.connection() as connection:
        ingest(connection, USAGE, complete_columns(pl.DataFrame([usual | each for each in told]), USAGE), NOON)
    return database


@pytest.mark.parametrize("table", INPUTS, ids=lambda table: table.name)
def test_every_table_has_the_contracts_shape_when_empty(database: Database, table: Table) -> None:
    assert getattr(read_tables(database, ["nobody"]), table.name).schema == table.schema


def test_only_those_asked_about_are_read(used: Database) -> None:
    assert read_tables(used, ["bo"]).usage["event_id"].to_list() == ["bo0"]


def test_a_name_is_not_read_as_a_pattern_or_a_list(used: Database) -> None:
    assert read_tables(used, ['a{"b",c}', "a'b", "%"]).usage.is_empty()


def test_the_newest_events_of_each_are_read(used: Database) -> None:
    newest = read_newest(used, ["ada", "bo"], 2).sort("event_id")
    assert newest["event_id"].to_list() == ["ada0", "ada1", "bo0"]
    assert newest.schema == USAGE.schema
