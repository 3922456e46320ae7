"""Telling a ledger what was decided: at least once, under one id, in the order that the outbox hands it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from grantguard.ledgers import next_try
from grantguard.vocabulary import Answer, Due, Gone, Ledger, Notice, Outcome, Retry, Taken

AT_ONCE: Final = 20
"""Notices taken at a time; an outbox keeps them for the taker as long as so many time-outs last, some seven minutes."""


class Outbox(Protocol):
    """Where notices wait, written in the transaction of their decision."""

    def take(self, now: datetime, limit: int) -> Sequence[Due]:
        """The notices whose turn it is, for a while, so that nobody else takes them; none while it is stopped.

        Of each grant one at most, and none that a newer one overtook: a hold that was released before it left need
        not be told. The release must be, since an attempt that seemed to fail may have got through.
        """

    def mark_delivered(self, notice: Notice, outcome: Outcome | None, now: datetime) -> None:
        """The ledger has it; an outcome that it did not give now, it reports itself."""

    def mark_failed(self, notice: Notice, reason: str, next_try_at: datetime | None, now: datetime) -> None:
        """It did not get through; without a next try it is a dead letter."""

    def stop(self, reason: str, now: datetime) -> None:
        """Hand out nothing more until a person starts it again; what waits stays."""


def deliver_due(
    outbox: Outbox, ledger: Ledger, now: datetime, jitter: Callable[[], float], limit: int = AT_ONCE
) -> list[tuple[Notice, Answer]]:
    """Tell the ledger what is due and write down its answers, each before the next; ends where it wants no more.

    ``jitter`` draws from 0 to 1.
    """
    answers: list[tuple[Notice, Answer]] = []
    for due in outbox.take(now, limit):
        answer = ledger.deliver(due.notice)
        _record(outbox, due, answer, now, jitter())
        answers.append((due.notice, answer))
        if isinstance(answer, Gone):
            break
    return answers


def _record(outbox: Outbox, due: Due, answer: Answer, now: datetime, jitter: float) -> None:
    match answer:
        case Taken():
            outbox.mark_delivered(due.notice, None, now)
        case Outcome():
            outbox.mark_delivered(due.notice, answer, now)
        case Retry(reason, after):
            outbox.mark_failed(due.notice, reason, next_try(due.attempts, now, jitter, after), now)
        case Gone(reason):
            outbox.stop(reason, now)
