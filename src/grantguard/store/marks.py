"""Marks: which accounts have news and wait to be scored anew.

A worker takes marks for a while, in a transaction of its own; reads, scores, and removes the marks with what it found
in another. News that comes in between keeps the mark; a worker that dies lets it go when its time is up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from psycopg.rows import class_row

from grantguard.store.database import Connection, Database

NOTHING_UNREAD: Final[Mapping[str, datetime]] = MappingProxyType({})

MARK = """
    INSERT INTO marks (account_id, marked_at, reason, unread_since)
    SELECT account_id, %(now)s, %(reason)s, min(since)
    FROM unnest(%(ids)s::text[], %(since)s::timestamptz[]) AS news (account_id, since) WHERE account_id IS NOT NULL
    GROUP BY account_id ORDER BY account_id COLLATE "C"
    ON CONFLICT (account_id) DO UPDATE SET
        news = marks.news + 1,
        reason = excluded.reason,
        marked_at = CASE WHEN marks.taken_until IS NULL THEN marks.marked_at ELSE excluded.marked_at END,
        unread_since = least(marks.unread_since, excluded.unread_since)
"""
"""The oldest news that nobody took yet dates the mark."""

SIGNED_UP_WITH = (
    *("signup_device_hash", "signup_ip_hash", "email_hash"),
    *("payment_hash", "referred_by", "organization_id"),
)
SENT_WITH = ("device_hash", "ip_hash", "template_hash", "prompt_hash")
"""Columns of accounts and of usage that show a value which others may share."""


def _shows(side: str, columns: tuple[str, ...]) -> str:
    """Whether a row shows one of the values: sought in a hash of all of them, not in one after the other."""
    return " OR ".join(f"{side}.{name} IN (SELECT unnest(%(values)s::text[]))" for name in columns)


SHARING = f"""
    SELECT marks.account_id FROM marks LEFT JOIN accounts AS a USING (account_id)
    WHERE marks.account_id <> ALL(%(besides)s) AND ({_shows("a", SIGNED_UP_WITH)} OR EXISTS (
        SELECT FROM usage AS u
        WHERE u.account_id = marks.account_id AND u.occurred_at >= marks.unread_since AND ({_shows("u", SENT_WITH)})
    )) ORDER BY marked_at DESC LIMIT %(most)s
""".encode()  # noqa: S608 - our own names

LOCK = "SELECT FROM marks WHERE account_id = ANY(%(ids)s) ORDER BY account_id FOR UPDATE"
"""Marks in the order in which marking takes them, so that neither waits for the other in a circle."""

UNMARK = (
    LOCK,
    """
    DELETE FROM marks USING unnest(%(ids)s::text[], %(news)s::bigint[]) AS seen (account_id, news)
    WHERE marks.account_id = seen.account_id AND marks.news = seen.news
    """,
    "UPDATE marks SET taken_until = NULL, attempts = 0 WHERE account_id = ANY(%(ids)s)",
)


@dataclass(frozen=True)
class Mark:
    """An account with news: since when, of which kind, how often it was taken, and how much news there was then."""

    account_id: str
    marked_at: datetime
    reason: str
    attempts: int
    news: int


def mark(
    connection: Connection,
    account_ids: Iterable[str],
    reason: str,
    now: datetime,
    unread_since: Mapping[str, datetime] = NOTHING_UNREAD,
) -> None:
    """Mark accounts: of new rows, or for news that no row of theirs tells, such as a link that grew.

    Where requests are the news, ``unread_since`` says when the first of them was made, by account.
    """
    ids = list(account_ids)
    if not ids:
        return
    since = [unread_since.get(name) for name in ids]
    connection.execute(MARK, {"ids": ids, "since": since, "now": now, "reason": reason})


def take_marked(connection: Connection, limit: int, now: datetime, lease: timedelta) -> tuple[Mark, ...]:
    """Take up to ``limit`` marks that nobody holds, for as long as ``lease``; no two workers take the same.

    What failed before comes last, the longest waiting first. Commit before scoring.
    """
    taking = """
        UPDATE marks SET attempts = marks.attempts + 1, taken_until = %(until)s
        FROM (
            SELECT account_id FROM marks WHERE taken_until IS NULL OR taken_until <= %(now)s
            ORDER BY attempts, marked_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) AS free
        WHERE marks.account_id = free.account_id
        RETURNING marks.account_id, marked_at, reason, attempts, news
    """
    with connection.cursor(row_factory=class_row(Mark)) as cursor:
        return tuple(cursor.execute(taking, {"until": now + lease, "now": now, "limit": limit}).fetchall())


@contextmanager
def asking_sharing(
    database: Database, values: list[str], besides: list[str], most: int
) -> Iterator[Callable[[], list[str]]]:
    """Ask for up to ``most`` marked accounts, besides some, any of whose rows show one of ``values``; give what reads.

    They have news that nobody has read yet, and it may be about a value that they share; of their requests those
    alone are looked through that may be news. The database looks for them from now on, whatever else is done meanwhile.
    """
    with database.statement() as connection, connection.pipeline():
        found = connection.execute(SHARING, {"values": values, "besides": besides, "most": most})
        yield lambda: [account_id for (account_id,) in found]


def find_marks(connection: Connection, account_ids: list[str]) -> tuple[Mark, ...]:
    """The marks of these accounts, whoever holds them: to be read before their rows are, and removed after scoring."""
    asked = "SELECT account_id, marked_at, reason, attempts, news FROM marks WHERE account_id = ANY(%s)"
    with connection.cursor(row_factory=class_row(Mark)) as cursor:
        return tuple(cursor.execute(asked, [account_ids]).fetchall())


def unmark(connection: Connection, marks: Iterable[Mark]) -> None:
    """Remove the marks of accounts that were scored; where more news has come, let go of them instead."""
    seen = {mark.account_id: mark.news for mark in marks}
    asked = {"ids": list(seen), "news": list(seen.values())}
    with connection.pipeline():
        for step in UNMARK:
            connection.execute(step, asked)


def let_go(connection: Connection, marks: Iterable[Mark]) -> None:
    """Leave marks that were taken to whoever comes next."""
    asked = {"ids": [mark.account_id for mark in marks]}
    connection.execute(LOCK, asked)
    connection.execute("UPDATE marks SET taken_until = NULL WHERE account_id = ANY(%(ids)s)", asked)


@dataclass(frozen=True)
class Waiting:
    """How many accounts are marked, and since when the longest waiting one is."""

    accounts: int
    since: datetime | None


def count_marked(connection: Connection) -> Waiting:
    """How much waits to be scored: for whoever watches the queue."""
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        cursor.execute("SELECT count(*) AS accounts, min(marked_at) AS since FROM marks")
        return cursor.fetchone() or Waiting(0, None)
