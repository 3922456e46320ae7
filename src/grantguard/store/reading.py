"""Rows out: the histories of some accounts as frames, usage as columns by Arrow, the small tables in one round trip."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import polars as pl

from grantguard.contract import CAMPAIGNS, INPUTS, LABELS, USAGE, Table, Tables
from grantguard.store.database import Connection, Database
from grantguard.store.framing import Frames, asking, frame_columns


def _select(table: Table) -> str:
    select = f"SELECT {', '.join(table.schema.names())} FROM {table.name}"  # noqa: S608 - the contract's own names
    if table is CAMPAIGNS:
        return select
    of_rings = " OR account_id IS NULL" if table is LABELS else ""
    return f"{select} WHERE account_id = ANY(%(ids)s){of_rings}"


SMALL: Final = {table.name: table.empty() for table in INPUTS if table is not USAGE}
"""A query by Arrow costs most of a millisecond whatever it finds; a few rows by tuples, all tables at once, no more."""

SELECT_SMALL: Final = {table.name: _select(table).encode() for table in INPUTS if table is not USAGE}

OF_USAGE: Final = ", ".join(USAGE.schema.names())
ALL: Final = f"SELECT {OF_USAGE} FROM usage WHERE account_id = ANY($1::text[])"  # noqa: S608 - the contract's own names
NEWEST: Final = f"""
    SELECT newest.* FROM unnest($1::text[]) AS asked (account_id), LATERAL (
        SELECT {OF_USAGE} FROM usage
        WHERE usage.account_id = asked.account_id ORDER BY occurred_at DESC, event_id DESC LIMIT $2::bigint
    ) AS newest
"""  # noqa: S608 - the contract's own names

SPENDING: Final = (
    *("occurred_at", "category", "input_tokens", "output_tokens", "credits"),
    *("grant_id", "funding", "status", "session_id"),
)
SPENT: Final = f"SELECT {', '.join(SPENDING)} FROM usage WHERE account_id = $1::text"  # noqa: S608 - our own names


def read_tables(database: Database, account_ids: list[str]) -> Tables:
    """Everything that is known of the accounts, every campaign, and the verdicts on rings.

    The tables are read each for itself: news that comes in between may show in one and not in another yet, and
    keeps its mark.
    """
    with _asking_small(database, account_ids) as small:
        usage = _read_usage(database, ALL, account_ids)
        return Tables(usage=usage, **small())


def read_labels(database: Database) -> pl.DataFrame:
    """Every label that was ever given."""
    select = f"SELECT {', '.join(LABELS.schema.names())} FROM labels"  # noqa: S608 - the contract's own names
    with database.reader() as reader, reader.cursor() as cursor:
        cursor.execute(select)
        return frame_columns(cursor.fetch_arrow_table(), LABELS.schema)


def read_newest(database: Database, account_ids: list[str], events: int) -> pl.DataFrame:
    """The newest usage of each of the accounts, at most so many events each."""
    return _read_usage(database, NEWEST, account_ids, events)


def read_spending(database: Database, account_id: str, events: int) -> pl.DataFrame:
    """What the newest events of one account were, what they cost and who paid: the ``SPENDING`` of each."""
    with database.reader() as reader, reader.cursor() as cursor:
        # Nearly nobody has so many that the newest must be sought, and seeking costs as much again as reading.
        cursor.execute(f"{SPENT} LIMIT $2::bigint", (account_id, events + 1))
        rows = pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))
        if rows.height > events:
            cursor.execute(f"{SPENT} ORDER BY occurred_at DESC LIMIT $2::bigint", (account_id, events))
            rows = pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))
    return rows.cast({name: dtype for name, dtype in USAGE.schema.items() if name in SPENDING})


def find_known(connection: Connection, account_ids: list[str]) -> set[str]:
    """Those of the accounts of which any row was ever kept."""
    rows = " UNION ".join(
        f"SELECT account_id FROM {table} WHERE account_id = ANY(%(ids)s)"  # noqa: S608 - the contract's own names
        for table in ("accounts", "grants", "usage", "billing")
    )
    return {account_id for (account_id,) in connection.execute(rows.encode(), {"ids": account_ids})}


def _read_usage(database: Database, query: str, *asked: object) -> pl.DataFrame:
    with database.reader() as reader, reader.cursor() as cursor:
        cursor.execute(query, asked)
        return frame_columns(cursor.fetch_arrow_table(), USAGE.schema)


def read_small(database: Database, account_ids: list[str]) -> dict[str, pl.DataFrame]:
    """The tables of ``read_tables`` that are no usage, by name."""
    with _asking_small(database, account_ids) as small:
        return small()


def _asking_small(database: Database, account_ids: list[str]) -> AbstractContextManager[Callable[[], Frames]]:
    return asking(database, SELECT_SMALL, SMALL, {"ids": account_ids})
