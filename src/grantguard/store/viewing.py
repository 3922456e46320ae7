"""What a page of an account shows that nothing else reads: its decisions, and its events by the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import dict_row

from grantguard.store.database import Connection
from grantguard.store.decisions import COLUMNS, as_decision
from grantguard.store.outcomes import Reported
from grantguard.vocabulary import Decision

DECISIONS: Final = f"""
    SELECT {", ".join(f"d.{name}" for name in COLUMNS)}, o.status, o.detail, o.credits_affected, o.reported_at
    FROM decisions AS d LEFT JOIN outcomes AS o USING (account_id, decision_id)
    WHERE account_id = %s ORDER BY d.at DESC, d.decision_id LIMIT %s
"""  # noqa: S608 - our own names

SHOWN: Final = (
    *("occurred_at", "event_id", "category", "input_tokens", "output_tokens", "credits", "grant_id", "funding"),
    *("status", "latency_ms", "session_id", "client", "model"),
)
EVENTS: Final = f"""
    SELECT {", ".join(SHOWN)} FROM usage
    WHERE account_id = %(account_id)s AND (%(category)s::text IS NULL OR category = %(category)s)
      AND (%(status)s::text IS NULL OR status = %(status)s) AND (%(grant_id)s::text IS NULL OR grant_id = %(grant_id)s)
      AND (%(session_id)s::text IS NULL OR session_id = %(session_id)s)
    ORDER BY occurred_at DESC, event_id DESC LIMIT %(limit)s OFFSET %(skip)s
"""  # noqa: S608 - our own names


@dataclass(frozen=True)
class Sought:
    """Which events of an account; None: any."""

    category: str | None = None
    status: str | None = None
    grant_id: str | None = None
    session_id: str | None = None


def decisions_of(connection: Connection, account_id: str, most: int) -> tuple[tuple[Decision, Reported | None], ...]:
    """The newest decisions about an account, each with what was reported of it, newest first."""
    rows = connection.execute(DECISIONS.encode(), [account_id, most]).fetchall()
    return tuple(_with_outcome(row) for row in rows)


def read_events(connection: Connection, account_id: str, sought: Sought, limit: int, skip: int) -> list[dict[str, Any]]:
    """Events of an account, the newest first, so many from so many on."""
    asked = vars(sought) | {"account_id": account_id, "limit": limit, "skip": skip}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(EVENTS.encode(), asked).fetchall()


def first_grant_at(connection: Connection, account_id: str) -> datetime | None:
    """When the account was first given anything, else when it first did anything."""
    found = connection.execute(
        """
        SELECT coalesce((SELECT min(granted_at) FROM grants WHERE account_id = %(id)s),
                        (SELECT min(occurred_at) FROM usage WHERE account_id = %(id)s))
        """,
        {"id": account_id},
    ).fetchone()
    return None if found is None else found[0]


def _with_outcome(row: tuple[Any, ...]) -> tuple[Decision, Reported | None]:
    decision = as_decision(row[: len(COLUMNS)])
    if decision is None:  # a row is there
        raise LookupError
    outcome = row[len(COLUMNS) :]
    return decision, None if outcome[0] is None else Reported(decision.decision_id, *outcome)
