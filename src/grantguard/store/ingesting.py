"""Rows in, each once however often it is sent.

Rows come as ``checking`` leaves them: in the table's columns and types, every rule obeyed. Nearly every batch is new
from end to end, and is copied straight into its table, at twice the speed; one that is not is copied into a staging
table and merged from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl
from psycopg.errors import UniqueViolation
from psycopg.sql import SQL, Composable, Composed, Identifier

from grantguard.checking import merge_repeats
from grantguard.contract import USAGE, Table
from grantguard.store.copying import copy_rows
from grantguard.store.database import Connection
from grantguard.store.marks import NOTHING_UNREAD, mark
from grantguard.store.partitions import make_months

NEWER_WINS: Final = ("accounts", "campaigns")
"""Tables that tell how things stand, where a newer row tells it better. The others tell what happened, once."""


@dataclass(frozen=True)
class Received:
    """Rows that were new or told something new, and rows that were there already."""

    accepted: int
    duplicate: int


def ingest(connection: Connection, table: Table, frame: pl.DataFrame, now: datetime) -> Received:
    """Keep the rows of ``frame`` and mark the accounts that they bring news of, in the connection's transaction.

    A repeat changes nothing, except that usage that was ``ok`` may become ``refunded``; a newer account or campaign
    replaces what it knows and leaves what it does not. One batch a transaction: rows are kept in the order of their
    keys, so that two batches never wait for each other in a circle.
    """
    rows = _in_order(frame, table)
    if rows.is_empty():
        return Received(0, 0)
    if table is USAGE:
        make_months(connection, rows["occurred_at"])
    is_new = table.name not in NEWER_WINS and _copy_new(connection, table, rows, now)
    accepted = len(rows) if is_new else _merge(connection, table, rows, now)
    return Received(accepted, len(frame) - accepted)


def owners_of(connection: Connection, grant_ids: list[str]) -> dict[str, str]:
    """The account of each grant that is known."""
    found = connection.execute("SELECT grant_id, account_id FROM grants WHERE grant_id = ANY(%s)", [grant_ids])
    return dict(found.fetchall())


def _in_order(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """One row an identity, in the order of the keys."""
    rows = _newest(frame, table) if table.name in NEWER_WINS else merge_repeats(frame, table)
    order = [name for name in ("account_id", *table.identity) if name in rows.columns]
    return rows.select(table.schema.names()).sort(order)


def _newest(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Of every column the last value that is known."""
    return frame.group_by(table.identity, maintain_order=True).agg(pl.all().drop_nulls().last())


def _copy_new(connection: Connection, table: Table, rows: pl.DataFrame, now: datetime) -> bool:
    """Copy the rows straight into their table, if none of them is there; whether that was so."""
    try:
        with connection.transaction():
            copy_rows(connection, table.name, rows)
    except UniqueViolation:
        return False
    mark(connection, rows["account_id"].drop_nulls().unique(), table.name, now, _unread_since(table, rows))
    return True


def _merge(connection: Connection, table: Table, rows: pl.DataFrame, now: datetime) -> int:
    """Take over what the rows tell that is not known; how many told anything."""
    shape = SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS")
    connection.execute(shape.format(_staging(table), Identifier(table.name)))
    connection.execute(SQL("DELETE FROM {}").format(_staging(table)))
    copy_rows(connection, f"staged_{table.name}", rows)
    if "account_id" not in table.schema:
        return connection.execute(_insert(table)).rowcount
    told = _keep(connection, table)
    refunded = _refund(connection) if table is USAGE and (rows["status"] == "refunded").any() else set()
    # All at once, since whoever marks twice may hold what another waits for while waiting for what he holds.
    mark(connection, told.keys() | refunded, table.name, now, _unread_since(table, rows))
    return sum(told.values())


def _unread_since(table: Table, rows: pl.DataFrame) -> Mapping[str, datetime]:
    """When the first request of each account was made, if the rows are requests."""
    if table is not USAGE:
        return NOTHING_UNREAD
    return dict(rows.group_by("account_id").agg(pl.col("occurred_at").min()).iter_rows())


def _keep(connection: Connection, table: Table) -> dict[str, int]:
    """Move what is staged into its table; by account, how many rows told something new."""
    told = SQL("WITH news AS ({} RETURNING account_id) SELECT account_id, count(*) FROM news GROUP BY account_id")
    return dict(connection.execute(told.format(_insert(table))).fetchall())


def _insert(table: Table) -> Composed:
    own, names = Identifier(table.name), _names(table)
    insert = SQL("INSERT INTO {own} ({names}) SELECT {names} FROM {staging} ON CONFLICT ").format(
        own=own, names=names, staging=_staging(table)
    )
    return insert + (_replace(table) if table.name in NEWER_WINS else SQL("DO NOTHING"))


def _replace(table: Table) -> Composable:
    """Take over what the new row knows, where that changes anything."""
    own = Identifier(table.name)
    changing = [Identifier(name) for name in table.schema.names() if name not in table.identity]
    known = [SQL("coalesce(excluded.{0}, {1}.{0})").format(name, own) for name in changing]
    was = SQL(", ").join(SQL("{}.{}").format(own, name) for name in changing)
    return SQL("({identity}) DO UPDATE SET ({names}) = ({known}) WHERE ({was}) IS DISTINCT FROM ({known})").format(
        identity=SQL(", ").join(map(Identifier, table.identity)),
        names=SQL(", ").join(changing),
        known=SQL(", ").join(known),
        was=was,
    )


def _refund(connection: Connection) -> set[str]:
    """Usage that was kept as ``ok`` and comes back refunded is refunded from now on; gives the accounts."""
    refund = SQL("""
        WITH refunded AS (
            SELECT kept.account_id, kept.occurred_at, kept.event_id FROM usage AS kept
            JOIN {staging} AS sent USING (account_id, occurred_at, event_id)
            WHERE kept.status = 'ok' AND sent.status = 'refunded'
            ORDER BY account_id, occurred_at, event_id FOR UPDATE OF kept
        )
        UPDATE usage AS kept SET status = 'refunded' FROM refunded
        WHERE kept.account_id = refunded.account_id AND kept.occurred_at = refunded.occurred_at
          AND kept.event_id = refunded.event_id
        RETURNING kept.account_id
    """).format(staging=_staging(USAGE))
    return {account_id for (account_id,) in connection.execute(refund)}


def _staging(table: Table) -> Identifier:
    return Identifier(f"staged_{table.name}")


def _names(table: Table) -> Composed:
    return SQL(", ").join(map(Identifier, table.schema.names()))
