"""A decision put in force: recorded with what was seen, its grants' standing changed, the ledger's message posted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from grantguard.settlement.desk import Seen
from grantguard.settlement.evidence import changes, known_evidence, tell_evidence, temper
from grantguard.store.database import Connection
from grantguard.store.decisions import record_decision
from grantguard.store.risks import Rated, keep_risks
from grantguard.store.standing import Standing, change_standing, find_standings, lock_accounts
from grantguard.vocabulary import Decision

RATED: Final = (
    *("account_id", "at", "status", "risk", "p_value", "ring_id", "action"),
    *("promo_credits_spent", "promo_credits_left"),
)


def rate(seen: Seen) -> list[Rated]:
    """The risks of what was seen."""
    return [_rated(seen, row) for row in range(len(seen.account_ids))]


def force_changes(connection: Connection, seen: Seen, now: datetime) -> list[Decision]:
    """Record and put in force what changes how a grant stands; all else needs no decision."""
    actions = seen.assessment.decided["action"].to_list()
    standing = find_standings(connection, seen.account_ids)
    moved = [row for row, name in enumerate(seen.account_ids) if actions[row] != "allow" or _is_stopped(standing[name])]
    lock_accounts(connection, [seen.account_ids[row] for row in moved])
    standing = find_standings(connection, [seen.account_ids[row] for row in moved])
    taken = [_force(connection, seen, row, standing[seen.account_ids[row]], now) for row in moved]
    # Last, as whoever asks does: who decides about an account waits for nobody that decides about another.
    keep_risks(connection, rate(seen))
    return [decision for decision in taken if decision is not None]


def force_one(connection: Connection, seen: Seen, row: int, grant_id: str | None, now: datetime) -> Decision:
    """Record the decision about one account, whatever it is, and put in force what it changes."""
    name = seen.account_ids[row]
    lock_accounts(connection, [name])
    keep_risks(connection, [_rated(seen, row)])
    standing = find_standings(connection, [name])[name]
    decision, evidence = _take(seen, row, grant_id, standing, now)
    record_decision(connection, decision, tell_seen(seen, row))
    _put_in_force(connection, decision, evidence, standing, now)
    return decision


def tell_seen(seen: Seen, row: int) -> Mapping[str, Any]:
    """What a decision rests on, to be replayed: every signal, and the facts that the policy read."""
    return {
        "signals": seen.assessment.signals.row(row, named=True),
        "facts": seen.assessment.decided.row(row, named=True),
    }


def _force(
    connection: Connection, seen: Seen, row: int, standing: tuple[Standing, ...], now: datetime
) -> Decision | None:
    decision, evidence = _take(seen, row, None, standing, now)
    if not changes(decision, standing):
        return None
    record_decision(connection, decision, tell_seen(seen, row))
    _put_in_force(connection, decision, evidence, standing, now)
    return decision


def _take(
    seen: Seen, row: int, grant_id: str | None, standing: tuple[Standing, ...], now: datetime
) -> tuple[Decision, frozenset[str]]:
    proposed = replace(seen.assessment.decision(row, grant_id), enforced=seen.enforce)
    evidence = tell_evidence(proposed, seen.assessment.decided.row(row, named=True))
    taken = temper(proposed, evidence, standing, now)
    # Two that differ in what they say are two, though they were taken at one moment.
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, repr((proposed.decision_id, taken.action, taken.grants, taken.enforced))))
    return replace(taken, decision_id=name), evidence


def _put_in_force(
    connection: Connection,
    decision: Decision,
    evidence: frozenset[str],
    standing: tuple[Standing, ...],
    now: datetime,
) -> None:
    rested = known_evidence(standing) | (evidence if decision.action != "allow" else frozenset())
    change_standing(connection, decision, " ".join(sorted(rested)), now)


def _is_stopped(standing: tuple[Standing, ...]) -> bool:
    return any(each.action != "allow" for each in standing)


def _rated(seen: Seen, row: int) -> Rated:
    assessment = seen.assessment
    told = assessment.decided.row(row, named=True)
    return Rated(
        **{name: told[name] for name in RATED},
        model_version=assessment.model_version,
        decision_id=None,
        reasons=assessment.reasons[row],
    )
