"""Answering a ledger that asks: assessed at once from everything acknowledged before, and always recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from grantguard.errors import AccountUnknown, GrantUnknown
from grantguard.settlement.desk import Desk, Seen, assess_stored
from grantguard.settlement.forcing import force_one, tell_seen
from grantguard.store.database import Connection, Database
from grantguard.store.decisions import record_decision
from grantguard.store.marks import find_marks, unmark
from grantguard.store.reading import find_known
from grantguard.store.standing import lock_accounts
from grantguard.vocabulary import Decision


@dataclass(frozen=True)
class Question:
    """Which accounts, about all their open grants or about one, and as of when: None is now."""

    account_ids: list[str]
    grant_id: str | None = None
    at: datetime | None = None


def answer(
    desk: Desk, question: Question, now: datetime, also: Callable[[Connection, list[Decision]], None] | None = None
) -> list[Decision]:
    """Decide about each account, in the order asked; ``also`` is done in the same transaction.

    A decision as of the past is recorded and puts nothing in force. Raises ``AccountUnknown`` or ``GrantUnknown``.
    """
    with desk.database.statement() as connection:
        marks = find_marks(connection, question.account_ids)
    seen = assess_stored(desk, question.account_ids, question.at or now, now, with_links=True)
    _require_known(set(seen.account_ids), question.account_ids)
    _require_grant(seen, question)
    with desk.database.connection() as connection:
        taken = _decide(connection, seen, question, now)
        if question.at is None:
            unmark(connection, marks)
        decisions = [taken[name] for name in question.account_ids]
        if also is not None:
            also(connection, decisions)
    return decisions


def _decide(connection: Connection, seen: Seen, question: Question, now: datetime) -> dict[str, Decision]:
    """By account. All are locked at once, in the order that all take: nobody waits for another in a circle."""
    if question.at is None:
        lock_accounts(connection, seen.account_ids)
        rows = enumerate(seen.account_ids)
        return {name: force_one(connection, seen, row, question.grant_id, now) for row, name in rows}
    taken = {name: seen.assessment.decision(row, question.grant_id) for row, name in enumerate(seen.account_ids)}
    for row, name in enumerate(seen.account_ids):
        record_decision(connection, taken[name], tell_seen(seen, row))
    return taken


def require_known(database: Database, account_ids: list[str]) -> None:
    """Raise ``AccountUnknown`` where nothing was ever sent of one of the accounts."""
    with database.statement() as connection:
        _require_known(find_known(connection, account_ids), account_ids)


def _require_known(known: set[str], asked: list[str]) -> None:
    unknown = sorted(set(asked) - known)
    if unknown:
        raise AccountUnknown(f"account {unknown[0]}: nothing was ever sent of it; check the id")


def _require_grant(seen: Seen, question: Question) -> None:
    if question.grant_id is not None and question.grant_id not in seen.tables.grants["grant_id"]:
        raise GrantUnknown(f"grant {question.grant_id}: not one of account {question.account_ids[0]}; check the id")
