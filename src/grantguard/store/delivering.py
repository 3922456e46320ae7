"""The outbox as whoever delivers sees it: each step in a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grantguard.store import outbox
from grantguard.store.database import Connection, Database
from grantguard.store.decisions import read_decision
from grantguard.store.outbox import Message
from grantguard.store.outcomes import Reported, record_outcome
from grantguard.store.stops import find_stop, stop_delivery
from grantguard.vocabulary import Due, Notice, Outcome
from grantguard.wire import read_tranche

LEASE: Final = timedelta(minutes=10)
"""How long what was taken is kept for its taker: longer than as many time-outs as it takes messages."""


@dataclass(frozen=True)
class StoredOutbox:
    """The notices that wait in a database."""

    database: Database
    lease: timedelta = LEASE

    def take(self, now: datetime, limit: int) -> Sequence[Due]:
        """The notices whose turn it is, taken for ``lease``; none while delivery is stopped."""
        with self.database.connection() as connection:
            if find_stop(connection) is not None:
                return ()
            return [_due(connection, message) for message in outbox.due_outbox(connection, now, limit, self.lease)]

    def mark_delivered(self, notice: Notice, outcome: Outcome | None, now: datetime) -> None:
        """The ledger has it, and may have said what it made of it."""
        with self.database.connection() as connection:
            outbox.mark_delivered(connection, notice.decision.account_id, notice.notice_id, now)
            if outcome is not None:
                told = (outcome.status, outcome.detail, outcome.credits_affected)
                record_outcome(connection, Reported(notice.decision.decision_id, *told, now))

    def mark_failed(self, notice: Notice, reason: str, next_try_at: datetime | None, now: datetime) -> None:
        """It did not get through; without a next try it is a dead letter."""
        with self.database.connection() as connection:
            outbox.mark_failed(connection, notice.decision.account_id, notice.notice_id, reason, next_try_at, now)

    def stop(self, reason: str, now: datetime) -> None:
        """Hand out nothing more until a person starts it again."""
        with self.database.connection() as connection:
            stop_delivery(connection, reason, now)


def _due(connection: Connection, message: Message) -> Due:
    decision = read_decision(connection, message.decision_id)
    if decision is None:  # the foreign key of history: decisions are never deleted
        raise LookupError(message.decision_id)
    told = message.body
    tranche = read_tranche(told["tranche"]) if "tranche" in told else None
    about = (message.type, message.created_at, decision, message.grant_id, message.sequence, told.get("verdict"))
    return Due(Notice(message.id, *about, tranche), message.attempts)
