"""Figures that take long to count, kept as they were last counted, and whether somebody wants them counted anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from grantguard.store.database import Connection
from grantguard.wire import tell


@dataclass(frozen=True)
class Figures:
    """What was told and when it was counted, None before the first time; and since when it is wanted anew, if it is."""

    name: str
    counted_at: datetime | None
    told: Any
    wanted_at: datetime | None


def keep_figures(connection: Connection, name: str, told: object, now: datetime) -> None:
    """Keep what was counted as of ``now``; what was wanted before that is fulfilled."""
    keep = """
        INSERT INTO figures (name, counted_at, told) VALUES (%s, %s, %s) ON CONFLICT (name) DO UPDATE
        SET counted_at = excluded.counted_at, told = excluded.told,
            wanted_at = CASE WHEN figures.wanted_at > excluded.counted_at THEN figures.wanted_at END
    """
    connection.execute(keep, [name, now, Jsonb(tell(told))])


def want_figures(connection: Connection, name: str, now: datetime) -> None:
    """Ask for figures to be counted anew."""
    want = "INSERT INTO figures (name, wanted_at) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET wanted_at = %s"
    connection.execute(want, [name, now, now])


def find_figures(connection: Connection, name: str) -> Figures:
    """Figures as they were last counted."""
    asked = "SELECT name, counted_at, told, wanted_at FROM figures WHERE name = %s"
    with connection.cursor(row_factory=class_row(Figures)) as cursor:
        return cursor.execute(asked, [name]).fetchone() or Figures(name, None, None, None)
