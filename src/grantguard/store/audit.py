"""The audit trail: who did what to what, and when. Lines are only ever added; the database refuses the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from grantguard.store.database import Connection


@dataclass(frozen=True)
class Entry:
    """One deed: ``actor`` is the name of a key or a person, ``action`` is such as ``key.created``."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, object] = field(default_factory=dict)


def record(connection: Connection, entry: Entry) -> None:
    """Add a line, in the transaction of the deed itself: neither is there without the other."""
    connection.execute(
        "INSERT INTO audit (at, actor, action, subject, detail) VALUES (%s, %s, %s, %s, %s)",
        [entry.at, entry.actor, entry.action, entry.subject, Jsonb(dict(entry.detail))],
    )


def read_audit(connection: Connection, limit: int, subject: str | None = None) -> tuple[Entry, ...]:
    """The newest lines, newest first, of everything or of one subject."""
    asked = """
        SELECT at, actor, action, subject, detail FROM audit
        WHERE %(subject)s::text IS NULL OR subject = %(subject)s ORDER BY id DESC LIMIT %(limit)s
    """
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return tuple(cursor.execute(asked, {"subject": subject, "limit": limit}).fetchall())


@dataclass(frozen=True)
class Line(Entry):
    """A line that is kept; ``id`` rises with time, and pages are told by it."""

    id: int = 0


@dataclass(frozen=True)
class Sought:
    """Which lines: by whom, of which deeds (``action``, or its beginning before a dot), about which subject."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None


PAGE: Final = """
    SELECT id, at, actor, action, subject, detail FROM audit
    WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
      AND (%(actor)s::text IS NULL OR actor = %(actor)s)
      AND (%(action)s::text IS NULL OR action = %(action)s OR starts_with(action, %(action)s || '.'))
      AND (%(subject)s::text IS NULL OR subject = %(subject)s
           OR detail ? 'accounts' AND detail -> 'accounts' ? %(subject)s)
    ORDER BY id DESC LIMIT %(limit)s
"""
"""A verdict on many accounts is one line about all of them."""


def page_audit(connection: Connection, sought: Sought, limit: int, before: int | None = None) -> tuple[Line, ...]:
    """A page of the lines that are sought, the newest first; the next is ``before`` the last id of this one."""
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return tuple(cursor.execute(PAGE, asdict(sought) | {"before": before, "limit": limit}).fetchall())
