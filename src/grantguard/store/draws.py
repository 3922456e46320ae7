"""Which accounts were drawn at random into the queue of a day, and with which probability.

Kept when the queue is worked on, told of an account when there is a verdict: who knew before would judge otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import polars as pl

from grantguard.store.database import Connection, Database

SINCE: Final = """
    SELECT account_id, drawn_on, drawn_with, (
        SELECT verdict FROM verdicts
        WHERE verdicts.account_id = draws.account_id AND given_at >= draws.drawn_on ORDER BY given_at LIMIT 1
    ) AS verdict, EXISTS (
        SELECT FROM decisions
        WHERE decisions.account_id = draws.account_id AND action = 'hold' AND at < draws.drawn_on + 1
    ) AS stopped
    FROM draws WHERE drawn_on >= $1::timestamptz::date
"""
DRAW: Final = {
    "account_id": pl.String,
    "drawn_on": pl.Date,
    "drawn_with": pl.Float64,
    "verdict": pl.String,
    "stopped": pl.Boolean,
}


def keep_draws(connection: Connection, drawn: Mapping[str, float], now: datetime) -> None:
    """Remember all who were drawn into the queue of this day, each with its probability; a repeat changes nothing."""
    line = "INSERT INTO draws (account_id, drawn_on, drawn_with) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        cursor.executemany(line, [(name, now.date(), chance) for name, chance in sorted(drawn.items())])


def find_draw(connection: Connection, account_id: str) -> float | None:
    """The probability with which the account was last drawn; None where no verdict followed, or it never was."""
    found = connection.execute(
        """
        SELECT drawn_with FROM draws WHERE account_id = %(id)s
        AND drawn_on <= (SELECT max(given_at) FROM verdicts WHERE account_id = %(id)s)
        ORDER BY drawn_on DESC LIMIT 1
        """,
        {"id": account_id},
    ).fetchone()
    return None if found is None else float(found[0])


def read_draws(database: Database, since: datetime) -> pl.DataFrame:
    """Draws since a day (``DRAW``): the first verdict that followed, and whether the machine had held the account."""
    with database.reader() as reader, reader.cursor() as cursor:
        cursor.execute(SINCE, (since,))
        return pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table())).cast(pl.Schema(DRAW))
