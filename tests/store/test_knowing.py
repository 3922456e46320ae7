"""What is known of an account is looked up at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from grantguard.store.database import Database
from grantguard.store.knowing import Known, look_up
from grantguard.store.marks import mark
from grantguard.store.risks import Rated, keep_risks
from grantguard.store.standing import change_standing, find_standing
from grantguard.vocabulary import Decision

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
ADA = Rated("ada", NOON, "scored", 0.9, 0.01, "r1", "hold", 10.0, 90.0, "m1", "d1", NOON + timedelta(days=1))


def test_risk_and_standing_come_back_as_they_were_kept(database: Database, hold: Decision) -> None:
    with database.connection() as connection:
        keep_risks(connection, [ADA])
        change_standing(connection, hold, "gap_variation", NOON)
        standing = find_standing(connection, "ada")
        assert len(standing) == 2
        assert look_up(connection, "ada") == Known(ADA, waiting=False, standing=standing)


def test_an_account_that_nobody_decided_about_has_no_standing(database: Database) -> None:
    with database.connection() as connection:
        keep_risks(connection, [ADA])
        assert look_up(connection, "ada") == Known(ADA, waiting=False, standing=())


def test_news_that_no_risk_has_read_waits(database: Database) -> None:
    with database.connection() as connection:
        keep_risks(connection, [ADA])
        mark(connection, ["ada"], "usage", NOON)
        known = look_up(connection, "ada")
    assert known is not None
    assert known.waiting


def test_of_an_account_that_was_never_scored_nothing_is_known(database: Database) -> None:
    with database.connection() as connection:
        mark(connection, ["ada"], "usage", NOON)
        assert look_up(connection, "ada") is None
