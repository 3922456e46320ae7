"""The newest risk of each account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from grantguard.store.database import Database
from grantguard.store.risks import Rated, find_risk, keep_risks, read_risks

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
ADA = Rated("ada", NOON, "scored", 0.9, 0.01, "r1", "hold", 10.0, 90.0, "m1", "d1")


def keep(database: Database, *rated: Rated) -> None:
    with database.connection() as connection:
        keep_risks(connection, rated)


def test_a_risk_comes_back_as_it_was_kept(database: Database) -> None:
    keep(database, ADA)
    with database.statement() as connection:
        assert find_risk(connection, "ada") == ADA


def test_a_newer_risk_takes_its_place(database: Database) -> None:
    newer = replace(ADA, at=NOON + timedelta(hours=1), risk=0.1, decision_id=None)
    keep(database, ADA)
    keep(database, newer)
    with database.statement() as connection:
        assert find_risk(connection, "ada") == newer


def test_an_older_risk_that_comes_late_does_not(database: Database) -> None:
    keep(database, ADA)
    keep(database, replace(ADA, at=NOON - timedelta(hours=1), risk=0.1))
    with database.statement() as connection:
        assert find_risk(connection, "ada") == ADA


def test_the_riskiest_come_first_and_the_unscored_last(database: Database) -> None:
    unscored = replace(ADA, account_id="cy", status="too_little_history", risk=None, p_value=None)
    keep(database, unscored, replace(ADA, account_id="bo", risk=0.95), ADA)
    assert read_risks(database, 10)["account_id"].to_list() == ["bo", "ada", "cy"]
    assert read_risks(database, 1).height == 1
