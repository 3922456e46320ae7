"""Rows kept: checked, each held against what is known, and durable when this returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import polars as pl

from grantguard.checking import is_of_another_account
from grantguard.contract import USAGE, Table
from grantguard.keeping.rows import Bad, part
from grantguard.sources.bodies import Broken
from grantguard.store.database import Connection, Database
from grantguard.store.ingesting import Received, ingest, owners_of

LISTED: Final = 10_000
"""Rejected rows that an answer lists."""

Beside = Callable[[Connection], object]
"""What is done in the transaction that rows are kept in: durable when they are, and not otherwise."""


def nothing(_: Connection) -> None:
    """Nothing is done beside the rows."""


@dataclass
class Tally:
    """What became of the rows of one request, however many parts it came in."""

    rows: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: list[Bad] = field(default_factory=list)
    unlisted: int = 0

    def add(self, rows: int, received: Received, bad: list[Bad]) -> None:
        """Count another part."""
        listed = [replace(each, index=each.index + self.rows) for each in bad[: LISTED - len(self.rejected)]]
        self.rows += rows
        self.accepted += received.accepted
        self.duplicate += received.duplicate
        self.rejected += listed
        self.unlisted += len(bad) - len(listed)

    def tell(self) -> dict[str, Any]:
        """The answer's body."""
        rejected = [vars(each) for each in sorted(self.rejected, key=lambda each: each.index)]
        return {
            "accepted": self.accepted,
            "duplicate": self.duplicate,
            "rejected": rejected,
            "unlisted": self.unlisted,
        }


def keep_items(
    database: Database, table: Table, items: list[Any], now: datetime, tally: Tally, beside: Beside = nothing
) -> None:
    """Keep the good rows among ``items``, in one transaction with what is done ``beside``."""
    parted = part(items, table, now)
    with database.connection() as connection:
        good, strangers = _part_strangers(connection, table, parted.good)
        received = ingest(connection, table, good.drop("index"), now)
        beside(connection)
    tally.add(len(items), received, parted.bad + strangers)


def keep_lines(database: Database, table: Table, lines: list[bytes], now: datetime, tally: Tally) -> None:
    """Keep the good rows among lines of JSON."""
    if lines:
        keep_items(database, table, _read_lines(lines), now, tally)


def _read_lines(lines: list[bytes]) -> list[Any]:
    """All lines at once; where one of them is no JSON, each for itself."""
    try:
        items: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        return [_read_line(line) for line in lines]
    return items if len(items) == len(lines) else [_read_line(line) for line in lines]


def _read_line(line: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return Broken("the line is not JSON")


def _part_strangers(connection: Connection, table: Table, good: pl.DataFrame) -> tuple[pl.DataFrame, list[Bad]]:
    """Leave out usage whose grant was given to another account."""
    if table is not USAGE or good["grant_id"].null_count() == len(good):
        return good, []
    owners = owners_of(connection, good["grant_id"].drop_nulls().unique().to_list())
    grants = pl.DataFrame({"grant_id": list(owners), "account_id": list(owners.values())}, schema_overrides=TEXTS)
    strange = is_of_another_account(grants, good)
    bad = [Bad(index, "/grant_id", "was given to another account") for index in good.filter(strange)["index"]]
    return (good.filter(~strange) if bad else good), bad


TEXTS: Final = {"grant_id": pl.String, "account_id": pl.String}
