"""The same request twice is one request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from grantguard.store.database import Database
from grantguard.store.idempotency import (
    KEPT,
    PATIENCE,
    Fresh,
    InFlight,
    Mismatch,
    Replay,
    begin_idempotent,
    finish_idempotent,
    give_up_idempotent,
    prune_idempotent,
)

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
ANSWER = {"decision_id": "d1"}


def begin(
    database: Database, fingerprint: str = "f1", at: datetime = NOON, caller: str = "gateway"
) -> Fresh | Replay | InFlight | Mismatch:
    with database.connection() as connection:
        return begin_idempotent(connection, caller, "k1", fingerprint, at)


def finish(database: Database) -> None:
    with database.connection() as connection:
        finish_idempotent(connection, "gateway", "k1", ANSWER, NOON)


def test_the_first_is_fresh(database: Database) -> None:
    assert begin(database) == Fresh()


def test_the_same_meanwhile_is_in_flight(database: Database) -> None:
    begin(database)
    assert begin(database) == InFlight()


def test_the_same_afterwards_gets_the_same_answer(database: Database) -> None:
    begin(database)
    finish(database)
    assert begin(database, at=NOON + PATIENCE) == Replay(ANSWER)


def test_another_request_under_the_key_does_not_match(database: Database) -> None:
    begin(database)
    assert begin(database, "f2") == Mismatch()
    finish(database)
    assert begin(database, "f2") == Mismatch()


def test_anothers_key_is_another_key(database: Database) -> None:
    begin(database)
    assert begin(database, caller="other") == Fresh()


def test_a_request_whose_process_died_frees_its_key(database: Database) -> None:
    begin(database)
    assert begin(database, at=NOON + PATIENCE) == Fresh()


def test_a_request_that_failed_frees_its_key(database: Database) -> None:
    begin(database)
    with database.connection() as connection:
        give_up_idempotent(connection, "gateway", "k1")
    assert begin(database) == Fresh()


def test_an_answer_is_kept_for_its_time_and_no_longer(database: Database) -> None:
    begin(database)
    finish(database)
    assert begin(database, at=NOON + KEPT - timedelta(seconds=1)) == Replay(ANSWER)
    assert begin(database, "f2", at=NOON + KEPT) == Fresh()


def test_only_what_is_over_is_pruned(database: Database) -> None:
    begin(database)
    finish(database)
    with database.connection() as connection:
        assert prune_idempotent(connection, NOON + KEPT - timedelta(seconds=1)) == 0
        assert prune_idempotent(connection, NOON + KEPT) == 1


def test_of_many_at_once_one_is_fresh(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        met = list(pool.map(lambda _: begin(database), range(12)))
    assert met.count(Fresh()) == 1
    assert met.count(InFlight()) == 11
