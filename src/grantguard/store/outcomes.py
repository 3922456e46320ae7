"""What became of a decision at the ledger: said once, a repeat changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.rows import class_row

from grantguard.errors import DecisionUnknown
from grantguard.store.database import Connection


@dataclass(frozen=True)
class Reported:
    """Whether the ledger applied a decision, and what it says about it."""

    decision_id: str
    status: Literal["applied", "refused"]
    detail: str | None
    credits_affected: float | None
    reported_at: datetime


def record_outcome(connection: Connection, outcome: Reported) -> bool:
    """Keep the first outcome that is reported of a decision; whether this was it. Raises ``DecisionUnknown``."""
    owner = connection.execute(
        "SELECT account_id FROM decisions WHERE decision_id = %s", [outcome.decision_id]
    ).fetchone()
    if owner is None:
        raise DecisionUnknown(f"decision {outcome.decision_id}: never taken here; check the id")
    kept = connection.execute(
        """
        INSERT INTO outcomes (account_id, decision_id, status, detail, credits_affected, reported_at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [owner[0], outcome.decision_id, outcome.status, outcome.detail, outcome.credits_affected, outcome.reported_at],
    )
    return kept.rowcount == 1


def find_outcome(connection: Connection, account_id: str, decision_id: str) -> Reported | None:
    """What was reported of a decision, if anything was."""
    asked = """
        SELECT decision_id, status, detail, credits_affected, reported_at FROM outcomes
        WHERE account_id = %s AND decision_id = %s
    """
    with connection.cursor(row_factory=class_row(Reported)) as cursor:
        return cursor.execute(asked, [account_id, decision_id]).fetchone()
