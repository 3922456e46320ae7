"""Claims: which reviewer has which account before them. A claim lapses, and then anybody may take the account."""

from __future__ import annotations

from datetime import datetime, timedelta

from grantguard.store.database import Connection

CLAIM = """
    INSERT INTO claims VALUES (%(account_id)s, %(person)s, %(now)s, %(until)s)
    ON CONFLICT (account_id) DO UPDATE
    SET (person, claimed_at, claimed_until) = (excluded.person, excluded.claimed_at, excluded.claimed_until)
    WHERE claims.person = excluded.person OR claims.claimed_until <= excluded.claimed_at
"""


def claim(connection: Connection, account_id: str, person: str, now: datetime, lapse: timedelta) -> bool:
    """Take an account for as long as ``lapse``, or longer where the person has it; False: somebody else has it."""
    about = {"account_id": account_id, "person": person, "now": now, "until": now + lapse}
    return connection.execute(CLAIM, about).rowcount == 1


def claimed_by(connection: Connection, account_ids: list[str], now: datetime) -> dict[str, str]:
    """Who has which of these accounts; those that nobody has are left out."""
    asked = "SELECT account_id, person FROM claims WHERE account_id = ANY(%s) AND claimed_until > %s"
    return {str(account_id): str(person) for account_id, person in connection.execute(asked, [account_ids, now])}


def release_claim(connection: Connection, account_id: str, person: str) -> None:
    """Let others have the account; a claim of somebody else stays."""
    connection.execute("DELETE FROM claims WHERE account_id = %s AND person = %s", [account_id, person])
