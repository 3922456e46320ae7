"""Links in: what was dated of accounts is kept, and whom it concerns is told.

Rows come as one JSON text a table: a driver that spells arrays value by value takes longer than all else here.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from psycopg import Cursor

from grantguard.contract import TIME
from grantguard.dated import ARRIVAL, FACT, GUEST, LENGTHS, LIKENESS, MILESTONES, THRESHOLD, Dated
from grantguard.store.database import Connection

STEPS: Final = (2, 3, 5, 10, 20)
"""Counts of a value's holders at which its holders are scored anew."""

HUB: Final = 200
"""A value that more accounts than this have shown is a hub, whose news concerns nobody."""

MOST_CONCERNED: Final = 1_000
"""Accounts that one write marks beside its own at most: a flood of links must not become a flood of scoring."""

KEYS: Final = {
    "facts": ("account_id", "kind", "value"),
    "likenesses": ("account_id", "kind", "value"),
    "guests": ("account_id", "burst"),
    "context_lengths": ("account_id", "day", "step"),
    "arrivals": ("account_id",),
}
"""What names a row of each table."""

TYPES: Final = {pl.String(): "text", pl.Int64(): "bigint", TIME: "timestamptz", pl.Float64(): "float8"}
NEW: Final = pl.Schema({"kind": pl.String(), "value": pl.String()})
SHOWN: Final = pl.Schema({**NEW, "shown": pl.Int64()})


def _names(schema: pl.Schema, side: str = "") -> str:
    return ", ".join(f'{side}"{name}"' for name in schema)


def _rows(schema: pl.Schema) -> str:
    """The rows of a frame as something to select from, called ``new``; ``_told`` gives them."""
    columns = ", ".join(f'"{name}" {TYPES[kind]}' for name, kind in schema.items())
    return f"json_to_recordset(%(rows)s::json) AS new ({columns})"


def _same(table: str) -> str:
    return " AND ".join(f"new.{name} = old.{name}" for name in KEYS[table])


def _deleting(table: str, schema: pl.Schema) -> bytes:
    """Delete the accounts' rows that are not among the new ones."""
    return f"""
        DELETE FROM {table} AS old WHERE account_id = ANY(%(ids)s) AND NOT EXISTS (
            SELECT FROM {_rows(schema)} WHERE {_same(table)}
            AND ROW ({_names(schema, "new.")}) IS NOT DISTINCT FROM ROW ({_names(schema, "old.")})
        )
    """.encode()  # noqa: S608 - our own names


def _adding(table: str, schema: pl.Schema) -> bytes:
    """Add the rows that are not there; tells their keys."""
    key = ", ".join(KEYS[table])
    return f"""
        INSERT INTO {table} ({_names(schema)}) SELECT {_names(schema)} FROM {_rows(schema)} ORDER BY {key}
        ON CONFLICT DO NOTHING RETURNING {key}
    """.encode()  # noqa: S608 - our own names


def _keeping_earliest(table: str, schema: pl.Schema) -> bytes:
    """Add the rows, each dated by the earliest ``seen_at`` that came; tells the keys of those that are new.

    What is known already is passed over before it comes to a conflict, which would lock, and so write, its row.
    """
    key = ", ".join(KEYS[table])
    return f"""
        WITH kept AS (
            INSERT INTO {table} ({_names(schema)}) SELECT {_names(schema)} FROM {_rows(schema)}
            WHERE NOT EXISTS (SELECT FROM {table} AS old WHERE {_same(table)} AND old.seen_at <= new.seen_at)
            ORDER BY {key}
            ON CONFLICT ({key}) DO UPDATE SET seen_at = excluded.seen_at WHERE excluded.seen_at < {table}.seen_at
            RETURNING {key}, xmax = 0 AS is_new
        )
        SELECT {key} FROM kept WHERE is_new
    """.encode()  # noqa: S608 - our own names


UPSERT_MILESTONES: Final = f"""
    INSERT INTO milestones ({_names(MILESTONES)}) SELECT {_names(MILESTONES)} FROM {_rows(MILESTONES)}
    ORDER BY account_id ON CONFLICT (account_id) DO UPDATE SET ({_names(MILESTONES)}) = ROW (excluded.*)
""".encode()  # noqa: S608 - our own names
"""Done first and always, so that whoever writes of the same account waits here."""

REPLACE: Final = {
    table: (_deleting(table, schema), _adding(table, schema))
    for table, schema in (("likenesses", LIKENESS), ("guests", GUEST), ("context_lengths", LENGTHS))
}
KEEP_EARLIEST: Final = {
    table: _keeping_earliest(table, schema) for table, schema in (("facts", FACT), ("arrivals", ARRIVAL))
}

CONCERNED: Final = f"""
    WITH counted AS (
        SELECT kind, value, shown, held.n FROM {_rows(SHOWN)} CROSS JOIN LATERAL (
            SELECT count(*) AS n FROM (
                SELECT FROM shown AS s WHERE s.kind = new.kind AND s.value = new.value LIMIT {HUB} + 1
            ) AS holders
        ) AS held
    ),
    grown AS (
        SELECT kind, value FROM counted WHERE n <= {HUB}
        AND EXISTS (SELECT FROM unnest(ARRAY{list(STEPS)}) AS step WHERE n - shown < step AND step <= n)
    )
    SELECT DISTINCT account_id FROM grown CROSS JOIN LATERAL (
        SELECT account_id FROM shown AS s WHERE s.kind = grown.kind AND s.value = grown.value LIMIT {HUB}
    ) AS holders
    WHERE account_id <> ALL(%(own)s) ORDER BY account_id LIMIT {MOST_CONCERNED}
""".encode()  # noqa: S608 - our own names

ADD_THRESHOLDS: Final = f"INSERT INTO thresholds (known_at, tokens) SELECT * FROM {_rows(THRESHOLD)}".encode()  # noqa: S608


def write_dated(connection: Connection, dated: Dated) -> pl.DataFrame:
    """Keep what was dated of some accounts; gives the values that were new of an account, as ``kind, value, shown``.

    Facts and arrivals are dated by the earliest that was ever seen; all else is what the account's rows say now.
    Tables are written in one order, and rows by their keys: two writers never wait for each other in a circle.
    """
    ids = pl.concat([dated.milestones["account_id"], dated.guests["account_id"]]).unique().to_list()
    with connection.pipeline():
        connection.execute(UPSERT_MILESTONES, _told(dated.milestones))
        alike = _replace(connection, "likenesses", dated.likenesses, ids)
        _replace(connection, "guests", dated.guests, ids)
        _replace(connection, "context_lengths", dated.lengths, ids)
        facts = connection.execute(KEEP_EARLIEST["facts"], _told(dated.facts))
        connection.execute(KEEP_EARLIEST["arrivals"], _told(dated.arrivals))
    new = [row[1:] for cursor in (alike, facts) for row in cursor]
    return pl.DataFrame(new, NEW, orient="row").group_by("kind", "value").agg(shown=pl.len().cast(pl.Int64))


def find_concerned(connection: Connection, new: pl.DataFrame, own: list[str]) -> list[str]:
    """The other accounts whose links grew by a step: holders of a value whose count crossed one of ``STEPS``.

    ``new`` is what ``write_dated`` gave in this transaction for the accounts ``own``.
    """
    if new.is_empty():
        return []
    return [account_id for (account_id,) in connection.execute(CONCERNED, _told(new) | {"own": own})]


def write_thresholds(connection: Connection, thresholds: pl.DataFrame) -> None:
    """Keep where extended context begins (``when, threshold``), in place of what was known; one writer at a time."""
    connection.execute("LOCK TABLE thresholds IN SHARE ROW EXCLUSIVE MODE")
    connection.execute("DELETE FROM thresholds")
    connection.execute(ADD_THRESHOLDS, _told(thresholds))


def _replace(connection: Connection, table: str, rows: pl.DataFrame, ids: list[str]) -> Cursor[tuple[Any, ...]]:
    """Make ``rows`` the table's rows of the accounts ``ids``; tells the keys of the new ones. The same stays."""
    delete, add = REPLACE[table]
    told = _told(rows)
    connection.execute(delete, told | {"ids": ids})
    return connection.execute(add, told)


def _told(rows: pl.DataFrame) -> dict[str, object]:
    return {"rows": rows.write_json()}
