"""Links out: what is around some accounts as of a moment, and no more."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl
from psycopg import RawCursor

from grantguard.dated import ANYONE, CROWD, FACT, GUEST, LENGTHS, MILESTONES, THRESHOLD, Around, Nearby, Reach
from grantguard.store.database import Database, Reader
from grantguard.store.framing import asking, frame_columns, frame_rows

FACTS: Final = """
    WITH own AS (
        SELECT kind, value, account_id, seen_at FROM shown
        WHERE account_id = ANY($1::text[]) AND seen_at <= $2::text::timestamptz
    ), wanted AS (
        SELECT DISTINCT kind, value, coalesce(most, $5::bigint) AS most
        FROM own LEFT JOIN unnest($3::text[], $4::bigint[]) AS few (kind, most) USING (kind)
    )
    SELECT kind, value, account_id, seen_at FROM own
    UNION SELECT kind, value, account_id, seen_at FROM wanted CROSS JOIN LATERAL (
        SELECT account_id, seen_at FROM shown
        WHERE shown.kind = wanted.kind AND shown.value = wanted.value AND seen_at <= $2::text::timestamptz
        ORDER BY seen_at LIMIT most
    ) AS holders
    UNION SELECT kind, value, account_id, seen_at FROM shown
    WHERE kind = ANY($6::text[]) AND seen_at <= $2::text::timestamptz AND account_id IN (
        SELECT account_id FROM guests WHERE burst IN (SELECT burst FROM guests WHERE account_id = ANY($1::text[]))
    )
"""
"""The accounts' own facts, those of the first to show the same values, and those of all guests of their bursts.

The moment comes as text: for the sake of one that comes as a time, the driver asks for the session's zone, sets
another, and sets it back, in a transaction of its own: five round trips more."""

LIVES: Final = """
    SELECT account_id, created_at, deleted_at, first_at, settled_at, half_at, paid_at FROM milestones
    WHERE account_id = ANY($1::text[])
"""

GUESTS: Final = """
    SELECT account_id, burst, joined_at FROM guests
    WHERE burst IN (SELECT burst FROM guests WHERE account_id = ANY(%(ids)s))
"""

CROWDS: Final = """
    WITH own AS (
        SELECT kind, likeness, bin FROM likenesses
        WHERE account_id = ANY(%(ids)s) AND bin IS NOT NULL AND seen_at <= %(at)s::timestamptz
    )
    SELECT kind, likeness, NULL::bigint AS bin, %(at)s::timestamptz AS "when", (
        SELECT count(*) FROM likenesses AS l
        WHERE l.kind = one.kind AND l.likeness = one.likeness AND bin IS NOT NULL AND seen_at <= %(at)s::timestamptz
    ) AS n FROM (SELECT DISTINCT kind, likeness FROM own) AS one
    UNION ALL SELECT kind, NULL, bin, %(at)s::timestamptz, (
        SELECT count(*) FROM likenesses AS l WHERE l.kind = one.kind AND l.bin = one.bin AND seen_at <= %(at)s
    ) FROM (SELECT DISTINCT kind, bin FROM own) AS one
    UNION ALL SELECT kind, NULL, NULL, %(at)s::timestamptz, (
        SELECT count(*) FROM likenesses AS l WHERE l.kind = one.kind AND bin IS NOT NULL AND seen_at <= %(at)s
    ) FROM (SELECT DISTINCT kind FROM own) AS one
    UNION ALL SELECT %(anyone)s, NULL, NULL, %(at)s::timestamptz, count(*) FROM (
        SELECT FROM arrivals WHERE seen_at <= %(at)s::timestamptz LIMIT %(most)s
    ) AS arrived
"""

THRESHOLDS: Final = """
    SELECT known_at AS "when", tokens AS threshold FROM thresholds
    WHERE known_at <= %(at)s ORDER BY known_at DESC LIMIT 1
"""

SMALL: Final = {"guests": GUESTS.encode(), "crowds": CROWDS.encode(), "thresholds": THRESHOLDS.encode()}
NOTHING: Final = {
    name: pl.DataFrame(schema=schema)
    for name, schema in {"facts": FACT, "guests": GUEST, "crowds": CROWD, "thresholds": THRESHOLD}.items()
}
"""What may be read as rows, of which shape: see ``reading`` for why."""


def read_nearby(database: Database, account_ids: list[str], at: datetime, reach: Reach) -> Nearby:
    """With whom these accounts have values in common as of ``at``: rows, where ``reach`` keeps them few."""
    with database.statement() as connection, connection.pipeline():
        shown, invited = RawCursor(connection), connection.cursor(binary=True)
        shown.execute(FACTS, _asked(account_ids, at, reach), binary=True)
        invited.execute(GUESTS.encode(), {"ids": account_ids})
        return Nearby(frame_rows(shown.fetchall(), NOTHING["facts"]), frame_rows(invited.fetchall(), NOTHING["guests"]))


def read_around(database: Database, account_ids: list[str], at: datetime, reach: Reach) -> Around:
    """What a past of these accounts needs of all others, as of ``at``."""
    asked = {"ids": account_ids, "at": at, "most": reach.most_arrivals, "anyone": ANYONE}
    with asking(database, SMALL, NOTHING, asked) as small, database.reader() as reader:
        facts = _fetch(reader, FACTS, FACT, _asked(account_ids, at, reach))
        known = list({*facts["account_id"], *account_ids})
        return Around(facts=facts, milestones=_fetch(reader, LIVES, MILESTONES, (known,)), **small())


def read_lengths(database: Database) -> pl.DataFrame:
    """How many inputs of each length were charged as extended context on each day, over all accounts."""
    query = "SELECT '' AS account_id, day, step, sum(n)::bigint AS n FROM context_lengths GROUP BY day, step"
    with database.reader() as reader:
        return _fetch(reader, query, LENGTHS, ())


def _asked(account_ids: list[str], at: datetime, reach: Reach) -> tuple[object, ...]:
    few = reach.most_holders
    return (
        account_ids,
        at.isoformat(),
        list(few),
        list(few.values()),
        reach.most_of_others,
        list(reach.kinds_of_bursts),
    )


def _fetch(reader: Reader, query: str, schema: pl.Schema, asked: tuple[object, ...]) -> pl.DataFrame:
    with reader.cursor() as cursor:
        cursor.execute(query, asked or None)
        return frame_columns(cursor.fetch_arrow_table(), schema)
