"""How each grant stands with its ledger: the action in force, since when, and on what evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from grantguard.store.database import Connection
from grantguard.store.outbox import post
from grantguard.vocabulary import Action, Decision, Tranche


@dataclass(frozen=True)
class Standing:
    """A grant's action in force, and a fingerprint of the evidence that it rests on, or after a release rested on."""

    account_id: str
    grant_id: str
    action: Action
    enforced: bool
    sequence: int
    held_until: datetime | None
    evidence: str
    decision_id: str
    changed_at: datetime

    @property
    def is_stopped(self) -> bool:
        """Whether the grant is held or revoked."""
        return self.action != "allow"


LOCK = 7_219_004
"""The first half of the advisory locks that whoever decides about an account holds."""

CHANGE = """
    INSERT INTO standing AS s VALUES (
        %(account_id)s, %(grant_id)s, %(action)s, %(enforced)s, %(first)s, %(held_until)s, %(evidence)s,
        %(decision_id)s, %(now)s
    )
    ON CONFLICT (account_id, grant_id) DO UPDATE SET
        action = excluded.action, enforced = excluded.enforced, sequence = s.sequence + 1,
        held_until = excluded.held_until, evidence = excluded.evidence, decision_id = excluded.decision_id,
        changed_at = excluded.changed_at
    WHERE s.action <> excluded.action OR (s.action <> 'allow' AND s.enforced <> excluded.enforced)
    RETURNING sequence
"""
RELEASE = """
    INSERT INTO standing AS s VALUES (
        %(account_id)s, %(grant_id)s, 'allow', %(enforced)s, 1, NULL, '', %(decision_id)s, %(now)s
    )
    ON CONFLICT (account_id, grant_id) DO UPDATE SET
        enforced = excluded.enforced, sequence = s.sequence + 1, decision_id = excluded.decision_id,
        changed_at = excluded.changed_at
    WHERE s.action = 'allow'
    RETURNING sequence
"""
COLUMNS = "account_id, grant_id, action, enforced, sequence, held_until, evidence, decision_id, changed_at"


def find_standing(connection: Connection, account_id: str) -> tuple[Standing, ...]:
    """How the account's grants stand, those that were ever decided about."""
    asked = f"SELECT {COLUMNS} FROM standing WHERE account_id = %s ORDER BY grant_id"  # noqa: S608 - the names above
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        return tuple(cursor.execute(asked.encode(), [account_id]).fetchall())


def find_standings(connection: Connection, account_ids: list[str]) -> dict[str, tuple[Standing, ...]]:
    """How the grants of each account stand; nothing of an account that was never decided about."""
    asked = f"SELECT {COLUMNS} FROM standing WHERE account_id = ANY(%s) ORDER BY grant_id"  # noqa: S608 - the names above
    found: dict[str, tuple[Standing, ...]] = dict.fromkeys(account_ids, ())
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        for each in cursor.execute(asked.encode(), [account_ids]):
            found[each.account_id] += (each,)
    return found


def lock_accounts(connection: Connection, account_ids: list[str]) -> None:
    """Let nobody else decide about these accounts until the transaction ends; whoever does already is waited for."""
    lock = """
        SELECT pg_advisory_xact_lock(%s, key) FROM (
            SELECT DISTINCT hashtext(account_id) AS key FROM unnest(%s::text[]) AS asked (account_id) ORDER BY key
        ) AS keys
    """
    connection.execute(lock, [LOCK, account_ids])


def held_expired(connection: Connection, now: datetime, limit: int) -> tuple[Standing, ...]:
    """Holds whose time is up, the longest overdue first."""
    asked = f"""
        SELECT {COLUMNS} FROM standing WHERE action = 'hold' AND held_until <= %s
        ORDER BY held_until, account_id, grant_id LIMIT %s
    """  # noqa: S608 - the names above
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        return tuple(cursor.execute(asked.encode(), [now, limit]).fetchall())


def change_standing(connection: Connection, decision: Decision, evidence: str, now: datetime) -> tuple[str, ...]:
    """Put the decision in force for its grants and post what changed; the grants whose action did change.

    A grant that nobody decided about stands at ``allow``: allowing it changes nothing. An action that stays keeps its
    ``held_until``: a hold that was promised to end is not drawn out by looking again. A hold that was recommended and
    now binds is a change. Two who decide about one grant at once do so one after the other.
    """
    changed = []
    for grant_id in sorted(decision.grants):
        sequence = _change(connection, decision, grant_id, evidence, now)
        if sequence:
            post(connection, decision, grant_id, sequence, now)
            changed.append(grant_id)
    return tuple(changed)


def release_anew(connection: Connection, decision: Decision, tranche: Tranche, now: datetime) -> None:
    """Post another release of each grant that the decision allows, with what it lets go of; evidence stays."""
    about = {"account_id": decision.account_id, "decision_id": decision.decision_id, "enforced": decision.enforced}
    for grant_id in sorted(decision.grants):
        found = connection.execute(RELEASE, about | {"grant_id": grant_id, "now": now}).fetchone()
        if found is not None:
            post(connection, decision, grant_id, found[0], now, tranche)


def _change(connection: Connection, decision: Decision, grant_id: str, evidence: str, now: datetime) -> int:
    """The number of the change; 0 where there was none, or a first allowance that nobody needs to hear of."""
    told: Mapping[str, object] = {
        "account_id": decision.account_id,
        "grant_id": grant_id,
        "action": decision.action,
        "enforced": decision.enforced,
        "first": 0 if decision.action == "allow" else 1,
        "held_until": decision.held_until,
        "evidence": evidence,
        "decision_id": decision.decision_id,
        "now": now,
    }
    found = connection.execute(CHANGE, told).fetchone()
    return 0 if found is None else int(found[0])
