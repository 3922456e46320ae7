"""What became of a decision is said once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grantguard.errors import DecisionUnknown
from grantguard.store.database import Database
from grantguard.store.decisions import record_decision
from grantguard.store.outcomes import Reported, find_outcome, record_outcome
from grantguard.vocabulary import Decision


def outcome(hold: Decision) -> Reported:
    return Reported("d1", "applied", "held in the ledger", 62.5, hold.at)


def test_an_outcome_comes_back_as_it_was_reported(database: Database, hold: Decision) -> None:
    with database.connection() as connection:
        record_decision(connection, hold, {})
        assert record_outcome(connection, outcome(hold))
        assert find_outcome(connection, "ada", "d1") == outcome(hold)


def test_a_repeat_changes_nothing(database: Database, hold: Decision) -> None:
    with database.connection() as connection:
        record_decision(connection, hold, {})
        record_outcome(connection, outcome(hold))
        assert not record_outcome(connection, replace(outcome(hold), status="refused"))
        assert find_outcome(connection, "ada", "d1") == outcome(hold)


def test_of_what_was_never_decided_nothing_can_be_reported(database: Database, hold: Decision) -> None:
    with pytest.raises(DecisionUnknown, match="d1"), database.connection() as connection:
        record_outcome(connection, outcome(hold))
