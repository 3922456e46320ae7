"""A verdict is kept with its note, becomes a label, and is news."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from grantguard.store.database import Database
from grantguard.store.marks import find_marks
from grantguard.store.reading import read_tables
from grantguard.store.verdicts import Verdict, record_verdicts, verdicts_of

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
ADA = Verdict("ada", NOON, "Grace", "abuse", "burst_farming", "r1", "twelve accounts on one device")


def give(database: Database, *verdicts: Verdict) -> None:
    with database.connection() as connection:
        record_verdicts(connection, verdicts)


def test_verdicts_come_back_newest_first(database: Database) -> None:
    newer = replace(ADA, given_at=NOON + timedelta(days=1), verdict="genuine")
    give(database, ADA, newer)
    with database.statement() as connection:
        assert verdicts_of(connection, "ada") == (newer, ADA)


def test_two_people_are_two_verdicts(database: Database) -> None:
    give(database, ADA, replace(ADA, reviewer="Edsger"))
    with database.statement() as connection:
        assert {each.reviewer for each in verdicts_of(connection, "ada")} == {"Grace", "Edsger"}


def test_a_verdict_becomes_a_label(database: Database) -> None:
    give(database, ADA)
    label = read_tables(database, ["ada"]).labels.row(0, named=True)
    assert (label["label"], label["labelled_at"], label["technique"]) == ("abuse", NOON, "burst_farming")


def test_a_verdict_is_news(database: Database) -> None:
    give(database, ADA, replace(ADA, account_id="bo"))
    with database.statement() as connection:
        assert {each.reason for each in find_marks(connection, ["ada", "bo"])} == {"verdict"}


def test_a_repeat_changes_nothing(database: Database) -> None:
    give(database, ADA)
    give(database, replace(ADA, verdict="genuine", note="no"))
    with database.statement() as connection:
        assert verdicts_of(connection, "ada") == (ADA,)
    assert read_tables(database, ["ada"]).labels["label"].to_list() == ["abuse"]


@pytest.mark.parametrize("deed", ["UPDATE verdicts SET note = ''", "DELETE FROM verdicts", "TRUNCATE verdicts"])
def test_a_verdict_is_never_rewritten(database: Database, deed: str) -> None:
    give(database, ADA)
    with pytest.raises(psycopg.errors.RestrictViolation), database.connection() as connection:
        connection.execute(deed.encode())
