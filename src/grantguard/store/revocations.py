"""Revocations that wait for a second person: who asked, over how much credit, and what became of it."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Final, Literal

from psycopg.rows import class_row

from grantguard.store.database import Connection

End = Literal["confirmed", "declined", "withdrawn"]


@dataclass(frozen=True)
class Asked:
    """A revocation that one person asked for; ``credits`` were left when they did."""

    account_id: str
    asked_at: datetime
    asked_by: str
    ring_id: str | None
    technique: str | None
    note: str
    credits: float


@dataclass(frozen=True)
class Revocation(Asked):
    """The same, and how it ended: settled by whom and when, all None while it waits."""

    settled_at: datetime | None
    settled_by: str | None
    outcome: End | None
    settled_note: str | None


NAMES: Final = ", ".join(field.name for field in fields(Revocation))
READ: Final = f"SELECT {NAMES} FROM revocations "  # noqa: S608 - the names above
ASK: Final = """
    INSERT INTO revocations (account_id, asked_at, asked_by, ring_id, technique, note, credits)
    VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
SETTLE: Final = f"""
    UPDATE revocations SET settled_at = %s, settled_by = %s, outcome = %s, settled_note = %s
    WHERE account_id = %s AND settled_at IS NULL RETURNING {NAMES}
"""  # noqa: S608 - the names above
WAITING: Final = f"""
    {READ} WHERE settled_at IS NULL
        AND NOT EXISTS (SELECT FROM risks WHERE risks.account_id = revocations.account_id AND action = 'revoke')
    ORDER BY asked_at, account_id LIMIT %s
"""


def ask_revocation(connection: Connection, asked: Asked) -> bool:
    """Let a revocation wait for a second person; False: one waits already."""
    return connection.execute(ASK, astuple(asked)).rowcount == 1


def settle_revocation(
    connection: Connection, account_id: str, outcome: End, person: str, note: str, now: datetime
) -> Revocation | None:
    """End what waits, and tell what it was; None: nothing waits."""
    with connection.cursor(row_factory=class_row(Revocation)) as cursor:
        return cursor.execute(SETTLE.encode(), [now, person, outcome, note, account_id]).fetchone()


def find_waiting(connection: Connection, account_ids: list[str]) -> dict[str, Revocation]:
    """By account, the revocations that wait."""
    asked = READ + "WHERE account_id = ANY(%s) AND settled_at IS NULL"
    with connection.cursor(row_factory=class_row(Revocation)) as cursor:
        return {each.account_id: each for each in cursor.execute(asked.encode(), [account_ids])}


def find_accused(connection: Connection, account_ids: list[str], person: str, above: float) -> dict[str, str]:
    """Accounts with more than so much credit left of which somebody else's abuse is the newest verdict; and who it is.

    Another's abuse would revoke there, whether the first one's wish still waits or was declined.
    """
    asked = """
        SELECT account_id, reviewer FROM risks JOIN LATERAL (
            SELECT reviewer, verdict FROM verdicts WHERE verdicts.account_id = risks.account_id
            ORDER BY given_at DESC, reviewer LIMIT 1
        ) AS newest ON true
        WHERE account_id = ANY(%s) AND promo_credits_left > %s AND verdict = 'abuse' AND reviewer <> %s
    """
    rows = connection.execute(asked, [account_ids, above, person])
    return {str(account_id): str(reviewer) for account_id, reviewer in rows}


def waiting_revocations(connection: Connection, limit: int) -> tuple[Revocation, ...]:
    """What waits, the longest first. Where so little credit is left by now that one person was enough, nothing does."""
    with connection.cursor(row_factory=class_row(Revocation)) as cursor:
        return tuple(cursor.execute(WAITING.encode(), [limit]).fetchall())


def revocations_of(connection: Connection, account_id: str) -> tuple[Revocation, ...]:
    """Every revocation that was asked for of an account, the newest first."""
    asked = READ + "WHERE account_id = %s ORDER BY asked_at DESC"
    with connection.cursor(row_factory=class_row(Revocation)) as cursor:
        return tuple(cursor.execute(asked.encode(), [account_id]).fetchall())
