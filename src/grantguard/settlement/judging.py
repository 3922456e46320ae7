"""A person's verdict: kept, taught, and put in force at once, for it outranks the machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from grantguard.errors import RingUnknown
from grantguard.settlement.asking import Question, answer, require_known
from grantguard.settlement.desk import Desk
from grantguard.settlement.regranting import regrant
from grantguard.settlement.seconding import Judgement, require_waiting, second
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection
from grantguard.store.outbox import post_verdict
from grantguard.store.risks import find_members
from grantguard.store.verdicts import Verdict, record_verdicts
from grantguard.vocabulary import Decision

AT_ONCE: Final = 1_000
"""Accounts that one verdict may speak of."""


def judge(
    desk: Desk, judgement: Judgement, person: str, now: datetime, also: Callable[[Connection], None] | None = None
) -> list[Decision]:
    """Keep the verdict, decide anew about each account, and tell the ledger that a person has spoken.

    Where a revocation needs a second person it waits for one. ``also`` is done in the transaction that keeps the
    verdict. Raises ``RingUnknown``, or ``AccountUnknown`` before anything is kept.
    """
    account_ids = _accounts(desk, judgement)
    require_known(desk.database, account_ids)
    with desk.database.connection() as connection:
        if also is not None:
            also(connection)
        record_verdicts(connection, [_verdict(judgement, name, person, now) for name in account_ids])
        about = {"accounts": account_ids, "ring_id": judgement.ring_id, "note": judgement.note}
        record(connection, Entry(now, person, f"verdict.{judgement.verdict}", "accounts", about))

    def tell(connection: Connection, decisions: list[Decision]) -> None:
        second(connection, decisions, judgement, person, now)
        if judgement.verdict == "genuine":
            regrant(connection, decisions, now)
        for decision in decisions:
            post_verdict(connection, decision, judgement.verdict, now)

    return answer(desk, Question(account_ids), now, tell)


def confirm(desk: Desk, account_id: str, person: str, note: str, now: datetime) -> Decision:
    """Say abuse as the second person, of what waits for one.

    Raises ``NothingWaits``, or ``SecondPersonNeeded`` where the person asked for the revocation themselves.
    """
    asked = require_waiting(desk.database, account_id, person)
    (decision,) = judge(desk, Judgement((account_id,), asked.ring_id, "abuse", asked.technique, note), person, now)
    return decision


def _accounts(desk: Desk, judgement: Judgement) -> list[str]:
    if judgement.account_ids or judgement.ring_id is None:
        return sorted(set(judgement.account_ids))
    with desk.database.statement() as connection:
        members = find_members(connection, judgement.ring_id, AT_ONCE)
    if not members:
        raise RingUnknown(f"ring {judgement.ring_id}: nobody stands in it now; give the accounts instead")
    return sorted(members)


def _verdict(judgement: Judgement, account_id: str, person: str, now: datetime) -> Verdict:
    about = (judgement.verdict, judgement.technique, judgement.ring_id, judgement.note)
    return Verdict(account_id, now, person, *about)
