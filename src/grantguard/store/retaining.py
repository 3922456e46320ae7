"""Forgetting: usage older than so many days goes, unless a promotional era still reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.sql import SQL, Identifier

from grantguard.store.database import Connection
from grantguard.store.partitions import LOCK, month_of, months

MARGIN = timedelta(days=30)
"""Before an account's first grant and after its last one's end: read together with its promotional era."""

ERAS = SQL("""
    SELECT account_id, min(granted_at) - {margin} AS opens, max(coalesce(expires_at, 'infinity')) + {margin} AS closes
    FROM grants GROUP BY account_id
""").format(margin=MARGIN)

NEEDED = SQL("era.account_id = usage.account_id AND usage.occurred_at BETWEEN era.opens AND era.closes")


@dataclass(frozen=True)
class Forgotten:
    """Months that were dropped whole, and how many single rows were deleted beside them."""

    months: tuple[str, ...]
    rows: int


def retain(connection: Connection, days: int, now: datetime) -> Forgotten:
    """Forget usage of more than ``days`` ago that lies outside every promotional era and its margin."""
    keep_from = now - timedelta(days=days)
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    dropped = [name for name in months(connection) if _ends(name) <= keep_from and not _is_needed(connection, name)]
    for name in dropped:
        connection.execute(SQL("DROP TABLE {}").format(Identifier(name)))
    forget = SQL("DELETE FROM usage WHERE occurred_at < %s AND NOT EXISTS (SELECT FROM ({}) AS era WHERE {})")
    rows = connection.execute(forget.format(ERAS, NEEDED), [keep_from]).rowcount
    return Forgotten(tuple(dropped), rows)


def _ends(name: str) -> datetime:
    year, month = month_of(name)
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _is_needed(connection: Connection, name: str) -> bool:
    needed = SQL("SELECT EXISTS (SELECT FROM {} AS usage JOIN ({}) AS era ON {})")
    return connection.execute(needed.format(Identifier(name), ERAS, NEEDED)).fetchone() == (True,)
