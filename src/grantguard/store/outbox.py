"""The outbox: what ledgers must be told, written with the change itself and delivered at least once.

Messages about one grant go out in the order of their sequence, never two at a time; one that a newer message made
pointless before it left is not sent. Whoever delivers takes messages for a while, in a transaction of its own, and says
afterwards how it went; if it dies, they are due again when that time is up.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from grantguard.store.database import Connection
from grantguard.vocabulary import Action, Decision, Label, Notice, NoticeKind, Tranche
from grantguard.wire import tell_notice

KINDS: Final[dict[Action, NoticeKind]] = {"hold": "grant.hold", "allow": "grant.release", "revoke": "grant.revoke"}


@dataclass(frozen=True)
class Message:
    """One message to a ledger; ``id`` is its ``webhook-id``. ``attempts`` counts this one."""

    id: str
    account_id: str
    decision_id: str
    grant_id: str | None
    sequence: int
    type: NoticeKind
    body: dict[str, Any]
    created_at: datetime
    attempts: int


POST = """
    INSERT INTO outbox (account_id, id, decision_id, grant_id, sequence, type, body, created_at, next_try_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
SUPERSEDE = """
    WITH older AS (
        SELECT account_id, id FROM outbox
        WHERE account_id = %(account_id)s AND grant_id = %(grant_id)s AND sequence < %(sequence)s
          AND delivered_at IS NULL AND superseded_by IS NULL AND (taken_until IS NULL OR taken_until <= %(now)s)
        ORDER BY account_id, id FOR UPDATE
    )
    UPDATE outbox SET superseded_by = %(id)s FROM older
    WHERE outbox.account_id = older.account_id AND outbox.id = older.id
"""
TAKE = """
    UPDATE outbox SET taken_until = %(until)s, attempts = outbox.attempts + 1
    FROM (
        SELECT account_id, id FROM outbox AS o
        WHERE alive AND next_try_at <= %(now)s AND (taken_until IS NULL OR taken_until <= %(now)s)
          AND NOT EXISTS (
              SELECT FROM outbox AS earlier
              WHERE earlier.account_id = o.account_id AND earlier.grant_id = o.grant_id
                AND earlier.sequence < o.sequence AND earlier.alive
          )
        ORDER BY next_try_at, account_id, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE outbox.account_id = due.account_id AND outbox.id = due.id
    RETURNING outbox.id, outbox.account_id, decision_id, grant_id, sequence, type, body, created_at, attempts
"""
NEWER = """
    SELECT newer.id FROM outbox AS newer
    WHERE newer.account_id = outbox.account_id AND newer.grant_id = outbox.grant_id
      AND newer.sequence > outbox.sequence ORDER BY newer.sequence DESC LIMIT 1
"""


def post(
    connection: Connection,
    decision: Decision,
    grant_id: str,
    sequence: int,
    now: datetime,
    tranche: Tranche | None = None,
) -> None:
    """Write the message that a grant's action changed; earlier ones about it that have not left need not leave."""
    notice_id = _name(decision.decision_id, grant_id, sequence)
    about = {"id": notice_id, "account_id": decision.account_id, "grant_id": grant_id, "sequence": sequence, "now": now}
    connection.execute(SUPERSEDE, about)
    _write(connection, Notice(notice_id, KINDS[decision.action], now, decision, grant_id, sequence, None, tranche))


def post_verdict(connection: Connection, decision: Decision, verdict: Label, now: datetime) -> None:
    """Write the message that a person has spoken about an account; it waits for no other."""
    notice_id = _name(decision.decision_id, "verdict", verdict)
    _write(connection, Notice(notice_id, "account.verdict", now, decision, None, 0, verdict))


def _name(*what: object) -> str:
    return f"msg_{uuid.uuid5(uuid.NAMESPACE_OID, repr(what))}"


def _write(connection: Connection, notice: Notice) -> None:
    about, body = notice.decision, Jsonb(tell_notice(notice))
    row = [about.account_id, notice.notice_id, about.decision_id, notice.grant_id, notice.sequence, notice.kind, body]
    connection.execute(POST, [*row, notice.timestamp, notice.timestamp])


def due_outbox(connection: Connection, now: datetime, limit: int, lease: timedelta) -> tuple[Message, ...]:
    """Take up to ``limit`` messages whose turn has come, for as long as ``lease``. Commit before delivering."""
    with connection.cursor(row_factory=class_row(Message)) as cursor:
        taken = cursor.execute(TAKE, {"until": now + lease, "now": now, "limit": limit}).fetchall()
    return tuple(sorted(taken, key=lambda message: (message.created_at, message.sequence)))


def mark_delivered(connection: Connection, account_id: str, message_id: str, now: datetime) -> None:
    """The ledger has it."""
    delivered = "UPDATE outbox SET delivered_at = coalesce(delivered_at, %s) WHERE account_id = %s AND id = %s"
    connection.execute(delivered, [now, account_id, message_id])


def mark_failed(
    connection: Connection, account_id: str, message_id: str, reason: str, next_try_at: datetime | None, now: datetime
) -> None:
    """The ledger does not have it: try again at ``next_try_at``, or give it up. A newer message takes its place."""
    failed = f"""
        UPDATE outbox SET taken_until = NULL, next_try_at = coalesce(%(again)s, next_try_at),
            dead_at = CASE WHEN %(again)s::timestamptz IS NULL THEN %(now)s END,
            superseded_by = ({NEWER}), reason = %(reason)s
        WHERE account_id = %(account_id)s AND id = %(id)s AND alive
    """  # noqa: S608 - our own text
    about = {"again": next_try_at, "now": now, "reason": reason, "account_id": account_id, "id": message_id}
    connection.execute(failed.encode(), about)


def replay_dead(connection: Connection, now: datetime) -> int:
    """Try everything again that was given up, but what a newer message overtook; how many there are."""
    replay = """
        WITH dead AS (
            SELECT account_id, id FROM outbox WHERE dead_at IS NOT NULL AND superseded_by IS NULL
            ORDER BY account_id, id FOR UPDATE
        )
        UPDATE outbox SET dead_at = NULL, attempts = 0, next_try_at = %s FROM dead
        WHERE outbox.account_id = dead.account_id AND outbox.id = dead.id
    """
    return connection.execute(replay, [now]).rowcount


@dataclass(frozen=True)
class Undelivered:
    """How many messages wait, since when the oldest does, and how many were given up."""

    waiting: int
    since: datetime | None
    dead: int


def count_undelivered(connection: Connection) -> Undelivered:
    """How much is still to be told: for whoever watches the ledger."""
    with connection.cursor(row_factory=class_row(Undelivered)) as cursor:
        cursor.execute("""
            SELECT count(*) FILTER (WHERE alive) AS waiting, min(created_at) FILTER (WHERE alive) AS since,
                count(*) FILTER (WHERE dead_at IS NOT NULL AND superseded_by IS NULL) AS dead
            FROM outbox WHERE alive OR dead_at IS NOT NULL
        """)
        return cursor.fetchone() or Undelivered(0, None, 0)
