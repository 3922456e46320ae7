"""A decision comes back as it was taken, once and for all."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from grantguard.store.database import Database
from grantguard.store.decisions import newest_decision, read_decision, read_seen, record_decision
from grantguard.vocabulary import Decision, Recheck

SEEN = {"signals": {"gap_variation": 0.02, "silent": None}, "evidence": {"conduct": 0.001}}


def keep(database: Database, *decisions: Decision) -> list[bool]:
    with database.connection() as connection:
        return [record_decision(connection, decision, SEEN) for decision in decisions]


def test_a_decision_comes_back_as_it_was_taken(database: Database, hold: Decision) -> None:
    keep(database, hold)
    with database.statement() as connection:
        assert read_decision(connection, "d1") == hold


def test_what_is_not_known_stays_unknown(database: Database, hold: Decision) -> None:
    unknown = replace(
        hold, risk=None, p_value=None, held_until=None, recheck=Recheck(None, None), reasons=(), grants=()
    )
    keep(database, unknown)
    with database.statement() as connection:
        assert read_decision(connection, "d1") == unknown


def test_what_was_seen_can_be_replayed(database: Database, hold: Decision) -> None:
    keep(database, hold)
    with database.statement() as connection:
        assert read_seen(connection, "d1") == SEEN


def test_a_signal_that_is_not_finite_does_not_lose_the_decision(database: Database, hold: Decision) -> None:
    with database.connection() as connection:
        record_decision(connection, hold, {"signals": [math.inf, math.nan, 1.0]})
        assert read_seen(connection, "d1") == {"signals": [None, None, 1.0]}


def test_the_same_decision_is_kept_once(database: Database, hold: Decision) -> None:
    assert keep(database, hold, replace(hold, action="allow")) == [True, False]
    with database.statement() as connection:
        assert read_decision(connection, "d1") == hold


def test_the_newest_decision_about_an_account_is_found(database: Database, hold: Decision) -> None:
    later = replace(hold, decision_id="d0", at=hold.at + timedelta(hours=1))
    keep(database, later, hold)
    with database.statement() as connection:
        assert newest_decision(connection, "ada") == later


def test_what_was_never_decided_is_not_found(database: Database) -> None:
    with database.statement() as connection:
        assert (read_decision(connection, "d1"), read_seen(connection, "d1")) == (None, None)


@pytest.mark.parametrize(
    "deed", ["UPDATE decisions SET risk = 0", "DELETE FROM decisions", "TRUNCATE decisions CASCADE"]
)
def test_a_decision_is_never_changed(database: Database, hold: Decision, deed: str) -> None:
    keep(database, hold)
    with pytest.raises(psycopg.errors.RestrictViolation), database.connection() as connection:
        connection.execute(deed.encode())
