"""Appeals: filed against what is held or revoked; overturned by a verdict like any other, or upheld with a reason."""

from __future__ import annotations

import uuid
from datetime import datetime

from grantguard.errors import AppealSettled, AppealUnknown, NothingToAppeal
from grantguard.settlement.desk import Desk
from grantguard.settlement.judging import judge
from grantguard.settlement.seconding import Judgement
from grantguard.store.appeals import Appeal, End, Filed, appeals_of, find_appeal, settle_appeal
from grantguard.store.appeals import file_appeal as keep
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection, Database
from grantguard.store.standing import find_standing, lock_accounts
from grantguard.vocabulary import Decision


def appeal(database: Database, account_id: str, message: str, sender: str, now: datetime) -> Appeal:
    """File what an account holder says, against the newest decision that holds or revokes; the appeal that is open.

    While one is open, another is that one. Raises ``NothingToAppeal``.
    """
    with database.connection() as connection:
        lock_accounts(connection, [account_id])
        decision_id = _find_stop(connection, account_id)
        filed = Filed(str(uuid.uuid4()), account_id, decision_id, now, sender, message)
        if keep(connection, filed):
            record(connection, Entry(now, sender, "appeal.filed", account_id, {"appeal_id": filed.appeal_id}))
        return next(each for each in appeals_of(connection, account_id) if each.outcome is None)


def overturn(desk: Desk, appeal_id: str, person: str, why: str, now: datetime) -> Decision:
    """Give the account's grants back: held ones are released, revoked ones granted anew, and it becomes a verdict.

    Raises ``AppealUnknown``, or ``AppealSettled`` and nothing is kept.
    """
    found = require_appeal(desk.database, appeal_id)

    def end(connection: Connection) -> None:
        _settle(connection, found, "overturned", person, why, now)

    said = Judgement((found.account_id,), None, "genuine", None, why)
    (decision,) = judge(desk, said, person, now, end)
    return decision


def uphold(database: Database, appeal_id: str, person: str, why: str, now: datetime) -> None:
    """Let the decision stand, and keep why. Raises ``AppealUnknown`` or ``AppealSettled``."""
    found = require_appeal(database, appeal_id)
    with database.connection() as connection:
        _settle(connection, found, "upheld", person, why, now)


def require_appeal(database: Database, appeal_id: str) -> Appeal:
    """The appeal; raises ``AppealUnknown``."""
    with database.statement() as connection:
        found = find_appeal(connection, appeal_id)
    if found is None:
        raise AppealUnknown(f"appeal {appeal_id}: never made here; check the id")
    return found


def _find_stop(connection: Connection, account_id: str) -> str:
    stops = [each for each in find_standing(connection, account_id) if each.is_stopped]
    if not stops:
        raise NothingToAppeal(f"account {account_id}: nothing of it is held or revoked, so there is nothing to appeal")
    return max(stops, key=lambda each: each.changed_at).decision_id


def _settle(connection: Connection, found: Appeal, end: End, person: str, why: str, now: datetime) -> None:
    lock_accounts(connection, [found.account_id])
    if settle_appeal(connection, found.appeal_id, end, person, why, now) is None:
        raise AppealSettled(f"appeal {found.appeal_id}: settled already; look at how it ended")
    detail = {"appeal_id": found.appeal_id, "note": why}
    record(connection, Entry(now, person, f"appeal.{end}", found.account_id, detail))
