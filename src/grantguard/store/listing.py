"""What lists of accounts show of each: when it was opened, which campaigns it has grants of, and its reasons."""

from __future__ import annotations

import polars as pl

from grantguard.contract import TIME
from grantguard.store.database import Connection, Database
from grantguard.vocabulary import Reason

ORIGINS = """
    SELECT account_id, created_at, (
        SELECT coalesce(array_agg(DISTINCT campaign ORDER BY campaign), '{}')::text[] FROM grants
        WHERE grants.account_id = asked.account_id
    ) AS campaigns FROM unnest($1::text[]) AS asked (account_id) LEFT JOIN accounts USING (account_id)
"""


def read_origins(database: Database, account_ids: list[str]) -> pl.DataFrame:
    """``account_id``, ``created_at`` and ``campaigns`` of each of the accounts."""
    with database.reader() as reader, reader.cursor() as cursor:
        cursor.execute(ORIGINS, (account_ids,))
        frame = pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))
    return frame.cast({"created_at": TIME, "campaigns": pl.List(pl.String)})


def read_reasons(connection: Connection, account_ids: list[str]) -> dict[str, tuple[Reason, ...]]:
    """By account, the reasons of its newest risk, the strongest first."""
    rows = connection.execute("SELECT account_id, reasons FROM risks WHERE account_id = ANY(%s)", [account_ids])
    return {account_id: tuple(Reason(**each) for each in reasons) for account_id, reasons in rows}
