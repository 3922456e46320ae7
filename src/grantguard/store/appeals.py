"""Appeals: what an account holder says against a decision, and what a person made of it."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Final, Literal

from psycopg.rows import class_row

from grantguard.store.database import Connection

End = Literal["overturned", "upheld"]


@dataclass(frozen=True)
class Filed:
    """An appeal as it came in: about which decision, and through whose key."""

    appeal_id: str
    account_id: str
    decision_id: str
    received_at: datetime
    received_by: str
    message: str


@dataclass(frozen=True)
class Appeal(Filed):
    """The same, and how it ended: settled by whom, when and why, all None while it is open."""

    settled_at: datetime | None
    settled_by: str | None
    outcome: End | None
    settled_note: str | None


NAMES: Final = ", ".join(field.name for field in fields(Appeal))
READ: Final = f"SELECT {NAMES} FROM appeals "  # noqa: S608 - the names above
FILE: Final = """
    INSERT INTO appeals (appeal_id, account_id, decision_id, received_at, received_by, message)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
SETTLE: Final = f"""
    UPDATE appeals SET settled_at = %s, settled_by = %s, outcome = %s, settled_note = %s
    WHERE appeal_id = %s AND settled_at IS NULL RETURNING {NAMES}
"""  # noqa: S608 - the names above


def file_appeal(connection: Connection, filed: Filed) -> bool:
    """Keep an appeal; False: another of the account is open."""
    return connection.execute(FILE, astuple(filed)).rowcount == 1


def settle_appeal(
    connection: Connection, appeal_id: str, outcome: End, person: str, note: str, now: datetime
) -> Appeal | None:
    """End an open appeal, and tell what it was; None: it is not open."""
    with connection.cursor(row_factory=class_row(Appeal)) as cursor:
        return cursor.execute(SETTLE.encode(), [now, person, outcome, note, appeal_id]).fetchone()


def find_appeal(connection: Connection, appeal_id: str) -> Appeal | None:
    """One appeal."""
    with connection.cursor(row_factory=class_row(Appeal)) as cursor:
        return cursor.execute((READ + "WHERE appeal_id = %s").encode(), [appeal_id]).fetchone()


def appeals_of(connection: Connection, account_id: str) -> tuple[Appeal, ...]:
    """Every appeal of an account, the newest first."""
    asked = READ + "WHERE account_id = %s ORDER BY received_at DESC, appeal_id"
    with connection.cursor(row_factory=class_row(Appeal)) as cursor:
        return tuple(cursor.execute(asked.encode(), [account_id]).fetchall())


def list_appeals(connection: Connection, limit: int, *, settled: bool = False) -> tuple[Appeal, ...]:
    """The open ones, the longest waiting first; or those that are settled, the newest first."""
    which = "NOT NULL ORDER BY settled_at DESC" if settled else "NULL ORDER BY received_at"
    asked = f"{READ} WHERE settled_at IS {which}, appeal_id LIMIT %s"
    with connection.cursor(row_factory=class_row(Appeal)) as cursor:
        return tuple(cursor.execute(asked.encode(), [limit]).fetchall())
