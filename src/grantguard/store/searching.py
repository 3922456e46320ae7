"""Search: an account, a grant, an organization or a decision by its name, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from psycopg.rows import class_row

from grantguard.store.database import Connection

SEARCH: Final = """
    (SELECT 'account' AS kind, account_id AS name, account_id FROM accounts
     WHERE account_id >= %(said)s AND account_id < %(beyond)s ORDER BY account_id LIMIT %(most)s)
    UNION ALL
    (SELECT 'account', account_id, account_id FROM risks
     WHERE account_id >= %(said)s AND account_id < %(beyond)s
       AND NOT EXISTS (SELECT FROM accounts WHERE accounts.account_id = risks.account_id)
     ORDER BY account_id LIMIT %(most)s)
    UNION ALL (SELECT 'grant', grant_id, account_id FROM grants WHERE grant_id = %(said)s LIMIT %(most)s)
    UNION ALL
    (SELECT 'organization', organization_id, account_id FROM accounts
     WHERE organization_id = %(said)s ORDER BY account_id LIMIT %(most)s)
    UNION ALL (SELECT 'decision', decision_id, account_id FROM decisions WHERE decision_id = %(said)s LIMIT %(most)s)
"""
"""Accounts by the beginning of their name, all else by the whole of it; an account may have no row of its own."""

LAST: Final = "\U0010ffff"


@dataclass(frozen=True)
class Hit:
    """What was found, of which kind, and the account that it leads to."""

    kind: Literal["account", "grant", "organization", "decision"]
    name: str
    account_id: str


def search(connection: Connection, said: str, most: int = 50) -> tuple[Hit, ...]:
    """What is called ``said``, or begins with it where it is an account; nothing is found of nothing."""
    if not said:
        return ()
    with connection.cursor(row_factory=class_row(Hit)) as cursor:
        return tuple(cursor.execute(SEARCH, {"said": said, "beyond": said + LAST, "most": most}).fetchall())
