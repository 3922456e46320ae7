"""Which accounts a reviewer was given because they were drawn at random, and with which probability.

Kept when the account is taken, told when there is a verdict: who knew before would judge otherwise.
"""

from __future__ import annotations

from datetime import datetime

from grantguard.store.database import Connection


def keep_draw(connection: Connection, account_id: str, drawn_with: float, now: datetime) -> None:
    """Remember that the account was drawn."""
    line = "INSERT INTO draws (account_id, drawn_at, drawn_with) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    connection.execute(line, [account_id, now, drawn_with])


def find_draw(connection: Connection, account_id: str) -> float | None:
    """The probability with which the account was last drawn; None where no verdict followed, or it never was."""
    found = connection.execute(
        """
        SELECT drawn_with FROM draws WHERE account_id = %(id)s
        AND drawn_at <= (SELECT max(given_at) FROM verdicts WHERE account_id = %(id)s)
        ORDER BY drawn_at DESC LIMIT 1
        """,
        {"id": account_id},
    ).fetchone()
    return None if found is None else float(found[0])
