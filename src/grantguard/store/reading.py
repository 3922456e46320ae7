"""Rows out: the histories of some accounts, as columns, by Arrow."""

from __future__ import annotations

from typing import Final

import polars as pl

from grantguard.contract import CAMPAIGNS, INPUTS, LABELS, USAGE, Table, Tables
from grantguard.store.database import Database, Reader

OF_ACCOUNTS: Final = "WHERE account_id = ANY($1::text[])"
OF_ACCOUNTS_AND_RINGS: Final = f"{OF_ACCOUNTS} OR account_id IS NULL"

NEWEST: Final = f"""
    SELECT newest.* FROM unnest($1::text[]) AS asked (account_id), LATERAL (
        SELECT {", ".join(USAGE.schema.names())} FROM usage
        WHERE usage.account_id = asked.account_id ORDER BY occurred_at DESC, event_id DESC LIMIT $2::bigint
    ) AS newest
"""  # noqa: S608 - the contract's own names


def read_tables(database: Database, account_ids: list[str]) -> Tables:
    """Everything that is known of the accounts, every campaign, and the verdicts on rings."""
    with database.reader() as reader:
        return Tables(**{table.name: _read(reader, table, account_ids) for table in INPUTS})


def read_newest(database: Database, account_ids: list[str], events: int) -> pl.DataFrame:
    """The newest usage of each of the accounts, at most so many events each."""
    with database.reader() as reader:
        return _fetch(reader, NEWEST, USAGE, (account_ids, events))


def _read(reader: Reader, table: Table, account_ids: list[str]) -> pl.DataFrame:
    select = f"SELECT {', '.join(table.schema.names())} FROM {table.name} "  # noqa: S608 - the contract's own names
    if table is CAMPAIGNS:
        return _fetch(reader, select, table, ())
    return _fetch(reader, select + (OF_ACCOUNTS_AND_RINGS if table is LABELS else OF_ACCOUNTS), table, (account_ids,))


def _fetch(reader: Reader, query: str, table: Table, asked: tuple[object, ...]) -> pl.DataFrame:
    with reader.cursor() as cursor:
        cursor.execute(query, asked or None)
        frame = pl.from_arrow(cursor.fetch_arrow_table())
    return pl.DataFrame(frame).cast(table.schema)
