"""Usage is cut by month: a month's part is made before its first row is kept."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from psycopg.sql import SQL, Identifier, Literal

from grantguard.store.database import Connection

LOCK = 7_219_004_418
"""The advisory lock that whoever makes or drops parts holds, so that no two do at once."""

PARTS = """
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'usage'::regclass AND relname <> 'usage_default'
"""


def make_months(connection: Connection, moments: pl.Series) -> None:
    """Make the parts that rows of these moments need and that are not there yet."""
    needed = {name_of(month): month for month in moments.dt.truncate("1mo").unique()}
    if needed.keys() <= set(months(connection)):
        return
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    for name in sorted(needed.keys() - set(months(connection))):
        _make(connection, name, needed[name])


def months(connection: Connection) -> tuple[str, ...]:
    """The names of the parts, oldest first."""
    return tuple(sorted(name for (name,) in connection.execute(PARTS)))


def name_of(month: datetime) -> str:
    """What the part of a month is called."""
    return f"usage_{month:%Y_%m}"


def month_of(name: str) -> tuple[int, int]:
    """The year and the month that a part's name tells."""
    return int(name[-7:-3]), int(name[-2:])


def _make(connection: Connection, name: str, month: datetime) -> None:
    following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    make = SQL("CREATE TABLE {} PARTITION OF usage FOR VALUES FROM ({}) TO ({})")
    connection.execute(make.format(Identifier(name), Literal(month), Literal(following)))
