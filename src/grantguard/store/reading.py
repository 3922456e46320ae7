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
        return fetch(reader, NEWEST, USAGE.schema, (account_ids, events))


def _read(reader: Reader, table: Table, account_ids: list[str]) -> pl.DataFrame:
    select = f"SELECT {', '.join(table.schema.names())} FROM {table.name} "  # noqa: S608 - the contract's own names
    if table is CAMPAIGNS:
        return fetch(reader, select, table.schema, ())
    whose = OF_ACCOUNTS_AND_RINGS if table is LABELS else OF_ACCOUNTS
    return fetch(reader, select + whose, table.schema, (account_ids,))


def fetch(reader: Reader, query: str, schema: pl.Schema, asked: tuple[object, ...]) -> pl.DataFrame:
    """What a query gives, as columns of the schema."""
    with reader.cursor() as cursor:
        cursor.execute(query, asked or None)
        frame = pl.from_arrow(cursor.fetch_arrow_table())
    return pl.DataFrame(frame).cast(schema)
