"""What an adapter made is kept with what is done beside it, or neither is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from grantguard.keeping import Bad, keep_converted
from grantguard.sources.converted import Converted, Rejected
from grantguard.store.cursors import keep_cursor, read_cursor
from grantguard.store.database import Connection, Database

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


def converted(*changes: dict[str, Any]) -> Converted:
    """Usage whose items came after one that was refused."""
    row: dict[str, Any] = {"account_id": "ada", "occurred_at": NOON.isoformat(), "category": "tool_use", "status": "ok"}
    row |= {"input_tokens": 9, "output_tokens": 4, "credits": 0.5}
    rows = [row | {"event_id": f"e{number}"} | change for number, change in enumerate(changes)]
    return Converted(rows, list(range(1, len(rows) + 1)), [Rejected(0, "/id", "is missing")], Counter())


def move(connection: Connection) -> None:
    keep_cursor(connection, "one", (NOON, "e9"))


def stand(database: Database) -> tuple[int, bool]:
    """How many events are kept, and whether the cursor is."""
    with database.connection() as connection:
        events = connection.execute("SELECT FROM usage").rowcount
        return events, read_cursor(connection, "one") is not None


def test_rows_are_kept_with_what_is_done_beside_them(database: Database) -> None:
    keep_converted(database, converted({}, {}), NOON, move)
    assert stand(database) == (2, True)


def test_what_fails_beside_the_rows_undoes_them(database: Database) -> None:
    def fail(connection: Connection) -> None:
        move(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        keep_converted(database, converted({}), NOON, fail)
    assert stand(database) == (0, False)


def test_a_page_of_bad_rows_still_moves_the_cursor(database: Database) -> None:
    keep_converted(database, converted({"credits": -1}), NOON, move)
    assert stand(database) == (0, True)


def test_what_is_bad_is_told_by_its_place_among_the_items(database: Database) -> None:
    tally = keep_converted(database, converted({}, {"credits": -1}), NOON)
    assert [(each.index, each.pointer) for each in tally.rejected] == [(2, "/credits"), (0, "/id")]
    assert Bad(0, "/id", "is missing") in tally.rejected
