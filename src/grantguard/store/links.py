"""Links in: what was dated of accounts is kept, and whom it concerns is told."""

from __future__ import annotations

from typing import Final

import polars as pl
from psycopg.sql import SQL, Composed, Identifier

from grantguard.contract import TIME
from grantguard.dated import Dated
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

TYPES: Final = {pl.String(): "text[]", pl.Int64(): "bigint[]", TIME: "timestamptz[]", pl.Float64(): "float8[]"}


def write_dated(connection: Connection, dated: Dated) -> pl.DataFrame:
    """Keep what was dated of some accounts; gives the values that were new of an account, as ``kind, value, shown``.

    Facts and arrivals are dated by the earliest that was ever seen; all else is what the account's rows say now.
    Tables are written in one order, and rows by their keys: two writers never wait for each other in a circle.
    """
    _upsert_milestones(connection, dated.milestones)
    ids = pl.concat([dated.milestones["account_id"], dated.guests["account_id"]]).unique().to_list()
    alike = _replace(connection, "likenesses", dated.likenesses, ids)
    _replace(connection, "guests", dated.guests, ids)
    _replace(connection, "context_lengths", dated.lengths, ids)
    facts = _keep_earliest(connection, "facts", dated.facts)
    _keep_earliest(connection, "arrivals", dated.arrivals)
    new = pl.concat([each.select("kind", "value") for each in (alike, facts)])
    return new.group_by("kind", "value").agg(shown=pl.len().cast(pl.Int64))


def find_concerned(connection: Connection, new: pl.DataFrame, own: list[str]) -> list[str]:
    """The other accounts whose links grew by a step: holders of a value whose count crossed one of ``STEPS``.

    ``new`` is what ``write_dated`` gave in this transaction for the accounts ``own``.
    """
    found = connection.execute(
        SQL("""
            WITH new AS (SELECT * FROM {new}),
            counted AS (
                SELECT kind, value, shown, held.n FROM new CROSS JOIN LATERAL (
                    SELECT count(*) AS n FROM (
                        SELECT FROM shown AS s WHERE s.kind = new.kind AND s.value = new.value LIMIT {hub} + 1
                    ) AS holders
                ) AS held
            ),
            grown AS (
                SELECT kind, value FROM counted
                WHERE n <= {hub} AND EXISTS (SELECT FROM unnest({steps}) AS step WHERE n - shown < step AND step <= n)
            )
            SELECT DISTINCT account_id FROM grown CROSS JOIN LATERAL (
                SELECT account_id FROM shown AS s WHERE s.kind = grown.kind AND s.value = grown.value LIMIT {hub}
            ) AS holders
            WHERE account_id <> ALL(%(own)s) ORDER BY account_id LIMIT {most}
        """).format(new=_rows(new), hub=HUB, steps=list(STEPS), most=MOST_CONCERNED),
        _columns(new) | {"own": own},
    )
    return [account_id for (account_id,) in found]


def write_thresholds(connection: Connection, thresholds: pl.DataFrame) -> None:
    """Keep where extended context begins (``when, threshold``), in place of what was known; one writer at a time."""
    connection.execute("LOCK TABLE thresholds IN SHARE ROW EXCLUSIVE MODE")
    connection.execute("DELETE FROM thresholds")
    insert = SQL("INSERT INTO thresholds (known_at, tokens) SELECT * FROM {}").format(_rows(thresholds))
    connection.execute(insert, _columns(thresholds))


def _upsert_milestones(connection: Connection, milestones: pl.DataFrame) -> None:
    """Written first and always, so that whoever writes of the same account waits here."""
    names = [Identifier(name) for name in milestones.columns]
    upsert = SQL("""
        INSERT INTO milestones ({names}) SELECT {names} FROM {rows} ORDER BY account_id
        ON CONFLICT (account_id) DO UPDATE SET ({names}) = ROW (excluded.*)
    """)
    found = upsert.format(names=SQL(", ").join(names), rows=_rows(milestones))
    connection.execute(found, _columns(milestones))


def _replace(connection: Connection, table: str, rows: pl.DataFrame, ids: list[str]) -> pl.DataFrame:
    """Make ``rows`` the table's rows of the accounts ``ids``; gives those that are new. What is the same stays."""
    own, names = Identifier(table), SQL(", ").join(map(Identifier, rows.columns))
    asked = _columns(rows) | {"ids": ids}
    delete = SQL("""
        DELETE FROM {own} AS old WHERE account_id = ANY(%(ids)s)
        AND NOT EXISTS (SELECT FROM {rows} WHERE {same} AND ROW ({new}) IS NOT DISTINCT FROM ROW ({old}))
    """)
    new, old = (SQL(", ").join(Identifier(side, name) for name in rows.columns) for side in ("new", "old"))
    connection.execute(delete.format(own=own, rows=_rows(rows), same=_same(table), new=new, old=old), asked)
    insert = SQL("""
        INSERT INTO {own} ({names}) SELECT {names} FROM {rows} ORDER BY {key} ON CONFLICT DO NOTHING RETURNING {names}
    """)
    found = insert.format(own=own, names=names, rows=_rows(rows), key=_key(table))
    return _frame(connection.execute(found, asked).fetchall(), rows.schema)


def _keep_earliest(connection: Connection, table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``rows``, each dated by the earliest ``seen_at`` that came; gives those that are new.

    What is known already is passed over before it comes to a conflict, which would lock, and so write, its row.
    """
    own, names = Identifier(table), SQL(", ").join(map(Identifier, rows.columns))
    insert = SQL("""
        INSERT INTO {own} ({names}) SELECT {names} FROM {rows}
        WHERE NOT EXISTS (SELECT FROM {own} AS old WHERE {same} AND old.seen_at <= new.seen_at) ORDER BY {key}
        ON CONFLICT ({key}) DO UPDATE SET seen_at = excluded.seen_at WHERE excluded.seen_at < {own}.seen_at
        RETURNING {names}, xmax = 0 AS is_new
    """)
    found = connection.execute(
        insert.format(own=own, names=names, rows=_rows(rows), same=_same(table), key=_key(table)), _columns(rows)
    )
    return _frame([row[:-1] for row in found if row[-1]], rows.schema)


def _key(table: str) -> Composed:
    return SQL(", ").join(map(Identifier, KEYS[table]))


def _same(table: str) -> Composed:
    return SQL(" AND ").join(SQL("new.{0} = old.{0}").format(Identifier(name)) for name in KEYS[table])


def _rows(frame: pl.DataFrame) -> Composed:
    """The frame's rows as something to select from, called ``new``; ``_columns`` gives what they hold."""
    arrays = [SQL("%({})s::{}").format(SQL(name), SQL(TYPES[kind])) for name, kind in frame.schema.items()]
    return SQL("unnest({}) AS new ({})").format(SQL(", ").join(arrays), SQL(", ").join(map(Identifier, frame.columns)))


def _columns(frame: pl.DataFrame) -> dict[str, list[object]]:
    return {name: frame[name].to_list() for name in frame.columns}


def _frame(rows: list[tuple[object, ...]], schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")
