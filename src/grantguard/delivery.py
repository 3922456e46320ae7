"""Telling a ledger what was decided: at least once, in order for each grant, and what is outdated not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from grantguard.ledgers import next_try
from grantguard.vocabulary import Answer, Due, Gone, Ledger, Notice, Outcome, Retry

AT_ONCE: Final = 100
"""Notices taken at a time: a ledger that does not answer keeps a worker from stopping no longer than that."""


class Outbox(Protocol):
    """Where notices wait, written in the transaction of their decision."""

    def due(self, now: datetime, limit: int) -> Sequence[Due]:
        """Of every grant (or account) with a notice that is due, all that wait, oldest first; none while disabled."""

    def mark_delivered(self, notice_id: str, outcome: Outcome, now: datetime) -> None:
        """The ledger took it, or refused it for good."""

    def mark_failed(self, notice_id: str, reason: str, next_try_at: datetime | None) -> None:
        """It did not get through; without a next try it is a dead letter."""

    def mark_superseded(self, notice_id: str, by: str) -> None:
        """A newer notice about the same grant is sent in its place."""

    def disable(self, reason: str, now: datetime) -> None:
        """Hand out nothing more until a person turns the ledger on again; what waits stays."""


def deliver_due(
    outbox: Outbox, ledger: Ledger, now: datetime, jitter: Callable[[], float], limit: int = AT_ONCE
) -> list[tuple[Notice, Answer]]:
    """Tell the ledger what is due, and write down what it made of it; stops where the ledger wants no more."""
    newest, outdated = collapse(outbox.due(now, limit))
    for notice_id, by in outdated.items():
        outbox.mark_superseded(notice_id, by)
    answers: list[tuple[Notice, Answer]] = []
    for due in newest:
        answer = ledger.deliver(due.notice)
        _record(outbox, due, answer, now, jitter())
        answers.append((due.notice, answer))
        if isinstance(answer, Gone):
            break
    return answers


def collapse(waiting: Sequence[Due]) -> tuple[list[Due], dict[str, str]]:
    """The newest notice of each grant, in the order given, and for each older one the id of the newer.

    A hold that a release has overtaken need not be told; the release must be, since an attempt that seemed to
    fail may have got through. Verdicts about an account give way to newer verdicts only.
    """
    newest = {_about(due.notice): due for due in sorted(waiting, key=lambda due: due.notice.sequence)}
    kept = [due for due in waiting if newest[_about(due.notice)] is due]
    outdated = {due.notice.notice_id: newest[_about(due.notice)].notice.notice_id for due in waiting}
    return kept, {old: new for old, new in outdated.items() if old != new}


def _about(notice: Notice) -> tuple[bool, str]:
    return notice.kind == "account.verdict", notice.grant_id or notice.decision.account_id


def _record(outbox: Outbox, due: Due, answer: Answer, now: datetime, jitter: float) -> None:
    match answer:
        case Outcome():
            outbox.mark_delivered(due.notice.notice_id, answer, now)
        case Retry():
            again = next_try(due.attempts + 1, now, jitter, answer.after)
            outbox.mark_failed(due.notice.notice_id, answer.reason, again)
        case Gone():
            outbox.disable(answer.reason, now)
