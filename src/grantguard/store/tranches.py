"""What was last let go of each newcomer's credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from grantguard.store.database import Connection
from grantguard.store.standing import release_anew
from grantguard.vocabulary import Decision, Tranche


@dataclass(frozen=True)
class Given:
    """A tranche that a ledger was told, and how much promotional credit the account had spent by then."""

    account_id: str
    spent: float
    credits: float | None
    until: datetime | None


def find_given(connection: Connection, account_ids: list[str]) -> dict[str, Given]:
    """The newest tranche of each account that was ever given one."""
    asked = "SELECT account_id, spent, credits, until FROM tranches WHERE account_id = ANY(%s)"
    with connection.cursor(row_factory=class_row(Given)) as cursor:
        return {each.account_id: each for each in cursor.execute(asked, [account_ids])}


def give_tranche(connection: Connection, decision: Decision, tranche: Tranche, now: datetime) -> None:
    """Tell the ledger, grant by grant, that the allowed account may spend so much more, and keep what was told.

    Call it where ``lock_accounts`` keeps everybody else from the account.
    """
    release_anew(connection, decision, tranche, now)
    keep = """
        INSERT INTO tranches (account_id, spent, credits, until) VALUES (%s, %s, %s, %s) ON CONFLICT (account_id)
        DO UPDATE SET (spent, credits, until) = (excluded.spent, excluded.credits, excluded.until)
    """
    row = [decision.account_id, decision.promo_credits_spent, tranche.credits, tranche.until]
    connection.execute(keep, row)
