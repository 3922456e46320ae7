"""Holds whose time is up release themselves; nobody has to ask."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Final

from grantguard.settlement.evidence import known_evidence
from grantguard.store.database import Connection, Database
from grantguard.store.decisions import read_decision, record_decision
from grantguard.store.standing import change_standing, find_standings, held_expired, lock_accounts
from grantguard.vocabulary import Decision

AT_ONCE: Final = 200
"""Holds that are released at a time."""


def expire(database: Database, now: datetime, limit: int = AT_ONCE) -> list[Decision]:
    """Release the holds whose ``held_until`` has come, an account at a time; the decisions that say so."""
    with database.statement() as connection:
        overdue = held_expired(connection, now, limit)
    by_account = sorted(overdue, key=lambda each: each.account_id)
    released: list[Decision] = []
    for account_id, _ in groupby(by_account, key=lambda each: each.account_id):
        with database.connection() as connection:
            released += _release(connection, account_id, now)
    return released


def _release(connection: Connection, account_id: str, now: datetime) -> list[Decision]:
    """Release what is overdue still, now that nobody else decides about the account."""
    lock_accounts(connection, [account_id])
    standing = find_standings(connection, [account_id])[account_id]
    held = (each for each in standing if each.action == "hold" and each.held_until and each.held_until <= now)
    overdue = sorted(held, key=lambda each: each.decision_id)
    evidence = " ".join(sorted(known_evidence(standing)))
    released = []
    for decision_id, group in groupby(overdue, key=lambda each: each.decision_id):
        grants = tuple(each.grant_id for each in group)
        decision = _undo(connection, decision_id, grants, now)
        record_decision(connection, decision, {"released": decision_id})
        change_standing(connection, decision, evidence, now)
        released.append(decision)
    return released


def _undo(connection: Connection, decision_id: str, grants: tuple[str, ...], now: datetime) -> Decision:
    held = read_decision(connection, decision_id)
    if held is None:  # decisions are never deleted
        raise LookupError(decision_id)
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, repr((decision_id, grants, "released", now))))
    return replace(held, decision_id=name, grants=grants, at=now, action="allow", held_until=None)
