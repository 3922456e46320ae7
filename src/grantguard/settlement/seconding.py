"""The second person: above a sum one person's verdict only holds, and the revocation waits for somebody else.

That it takes two is the policy's, which counts who said abuse. Here is kept who asked and what the other said, and
a second person's yes is a verdict like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grantguard.errors import NothingWaits, SecondPersonNeeded
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection, Database
from grantguard.store.revocations import Asked, End, Revocation, ask_revocation, find_waiting, settle_revocation
from grantguard.vocabulary import Decision, Label


@dataclass(frozen=True)
class Judgement:
    """What a person says about some accounts, of a ring or not; where none is named, about the ring's members."""

    account_ids: tuple[str, ...]
    ring_id: str | None
    verdict: Label
    technique: str | None
    note: str


def second(connection: Connection, decisions: list[Decision], judgement: Judgement, person: str, now: datetime) -> None:
    """Let each decision of a verdict begin or end a waiting, in the decision's own transaction."""
    waiting = find_waiting(connection, [each.account_id for each in decisions])
    for decision in decisions:
        asked = waiting.get(decision.account_id)
        if asked is None:
            _ask(connection, decision, judgement, person, now)
        else:
            end = _end(asked, decision, judgement, person)
            _settle(connection, asked, end, person, judgement.note, now)


def require_waiting(database: Database, account_id: str, person: str) -> Revocation:
    """What waits for this person. Raises ``NothingWaits``, or ``SecondPersonNeeded`` where they asked themselves."""
    with database.statement() as connection:
        asked = find_waiting(connection, [account_id]).get(account_id)
    if asked is None:
        raise NothingWaits(f"account {account_id}: no revocation waits for a second person; look at its decisions")
    if asked.asked_by == person:
        raise SecondPersonNeeded(f"account {account_id}: you asked for this revocation; somebody else must confirm it")
    return asked


def decline(database: Database, account_id: str, person: str, note: str, now: datetime) -> Revocation:
    """Say no to what waits, or take back what one asked for oneself: the hold stays until its end.

    Raises ``NothingWaits``.
    """
    with database.connection() as connection:
        asked = find_waiting(connection, [account_id]).get(account_id)
        if asked is None:
            raise NothingWaits(f"account {account_id}: no revocation waits for a second person; look at its decisions")
        _settle(connection, asked, _no(asked, person), person, note, now)
    return asked


def _ask(connection: Connection, decision: Decision, judgement: Judgement, person: str, now: datetime) -> None:
    if judgement.verdict != "abuse" or decision.action == "revoke" or not decision.grants:
        return
    about = (judgement.ring_id, judgement.technique, judgement.note, decision.promo_credits_left)
    if ask_revocation(connection, Asked(decision.account_id, now, person, *about)):
        detail = {"credits": decision.promo_credits_left, "note": judgement.note}
        record(connection, Entry(now, person, "revocation.asked", decision.account_id, detail))


def _end(asked: Revocation, decision: Decision, judgement: Judgement, person: str) -> End | None:
    """How a verdict ends what waits; None: it does not."""
    if judgement.verdict != "abuse":
        return _no(asked, person)
    return "confirmed" if decision.action == "revoke" and person != asked.asked_by else None


def _no(asked: Revocation, person: str) -> End:
    return "withdrawn" if person == asked.asked_by else "declined"


def _settle(connection: Connection, asked: Revocation, end: End | None, person: str, note: str, now: datetime) -> None:
    if end is not None and settle_revocation(connection, asked.account_id, end, person, note, now):
        detail = {"asked_by": asked.asked_by, "credits": asked.credits, "note": note}
        record(connection, Entry(now, person, f"revocation.{end}", asked.account_id, detail))
