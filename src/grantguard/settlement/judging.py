"""A person's verdict: kept, taught, and put in force at once, for it outranks the machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grantguard.errors import RingUnknown
from grantguard.settlement.asking import Question, answer, require_known
from grantguard.settlement.desk import Desk
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection
from grantguard.store.outbox import post_verdict
from grantguard.store.risks import find_members
from grantguard.store.verdicts import Verdict, record_verdicts
from grantguard.vocabulary import Decision, Label

AT_ONCE: Final = 1_000
"""Accounts that one verdict may speak of."""


@dataclass(frozen=True)
class Judgement:
    """What a person says about some accounts, or about the members of a ring."""

    account_ids: tuple[str, ...]
    ring_id: str | None
    verdict: Label
    technique: str | None
    note: str


def judge(desk: Desk, judgement: Judgement, person: str, now: datetime) -> list[Decision]:
    """Keep the verdict, decide anew about each account, and tell the ledger that a person has spoken.

    Raises ``RingUnknown``, or ``AccountUnknown`` before anything is kept.
    """
    account_ids = _accounts(desk, judgement)
    require_known(desk.database, account_ids)
    with desk.database.connection() as connection:
        record_verdicts(connection, [_verdict(judgement, name, person, now) for name in account_ids])
        about = {"accounts": account_ids, "ring_id": judgement.ring_id, "note": judgement.note}
        record(connection, Entry(now, person, f"verdict.{judgement.verdict}", "accounts", about))

    def tell(connection: Connection, decisions: list[Decision]) -> None:
        for decision in decisions:
            post_verdict(connection, decision, judgement.verdict, now)

    return answer(desk, Question(account_ids), now, tell)


def _accounts(desk: Desk, judgement: Judgement) -> list[str]:
    if judgement.ring_id is None:
        return sorted(set(judgement.account_ids))
    with desk.database.statement() as connection:
        members = find_members(connection, judgement.ring_id, AT_ONCE)
    if not members:
        raise RingUnknown(f"ring {judgement.ring_id}: nobody stands in it now; give the accounts instead")
    return sorted(members)


def _verdict(judgement: Judgement, account_id: str, person: str, now: datetime) -> Verdict:
    about = (judgement.verdict, judgement.technique, judgement.ring_id, judgement.note)
    return Verdict(account_id, now, person, *about)
