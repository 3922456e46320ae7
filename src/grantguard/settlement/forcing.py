"""A decision put in force: recorded with what was seen, its grants' standing changed, the ledger's message posted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from grantguard.settlement.desk import Seen
from grantguard.settlement.evidence import changes, known_evidence, tell_evidence, temper
from grantguard.settlement.tranches import find_due
from grantguard.store.database import Connection
from grantguard.store.decisions import record_decision
from grantguard.store.risks import Rated, keep_risks
from grantguard.store.standing import Standing, change_standing, find_standings, lock_accounts
from grantguard.store.tranches import give_tranche
from grantguard.vocabulary import Decision, Tranche

RATED: Final = (
    *("account_id", "at", "status", "risk", "p_value", "ring_id", "action"),
    *("promo_credits_spent", "promo_credits_left", "recheck_at"),
)


def rate(seen: Seen) -> list[Rated]:
    """The risks of what was seen."""
    return [_rated(seen, row) for row in range(len(seen.account_ids))]


def force_changes(connection: Connection, seen: Seen, now: datetime) -> list[Decision]:
    """Record and put in force what changes how a grant stands; all else needs no decision."""
    moved = _find_moved(connection, seen, now)
    lock_accounts(connection, [seen.account_ids[row] for row in moved])
    standing = find_standings(connection, [seen.account_ids[row] for row in moved])
    due = find_due(connection, seen, moved, now)
    taken = {row: _take(seen, row, None, standing[seen.account_ids[row]], due.get(row), now) for row in moved}
    forced = {row: each for row, each in taken.items() if each.tranche or changes(each.decision, each.standing)}
    for row, each in forced.items():
        _force(connection, seen, row, each, now)
    # Last, so that who decides about an account waits for nobody that decides about another.
    keep_risks(connection, rate(seen))
    return [each.decision for each in forced.values()]


def force_one(connection: Connection, seen: Seen, row: int, grant_id: str | None, now: datetime) -> Decision:
    """Record the decision about one account, whatever it is, and put in force what it changes.

    Call it where ``lock_accounts`` keeps everybody else from the account.
    """
    name = seen.account_ids[row]
    keep_risks(connection, [_rated(seen, row)])
    standing = find_standings(connection, [name])[name]
    due = find_due(connection, seen, [row] if grant_id is None else [], now)
    taken = _take(seen, row, grant_id, standing, due.get(row), now)
    _force(connection, seen, row, taken, now)
    return taken.decision


def tell_seen(seen: Seen, row: int) -> Mapping[str, Any]:
    """What a decision rests on, to be replayed: every signal, and the facts that the policy read."""
    return {
        "signals": seen.assessment.signals.row(row, named=True),
        "facts": seen.assessment.decided.row(row, named=True),
    }


def _find_moved(connection: Connection, seen: Seen, now: datetime) -> list[int]:
    """The rows of accounts that stand, or are to stand, otherwise than allowed, and of those due a tranche."""
    actions = seen.assessment.decided["action"].to_list()
    standing = find_standings(connection, seen.account_ids)
    due = find_due(connection, seen, range(len(actions)), now)
    return [
        row
        for row, name in enumerate(seen.account_ids)
        if actions[row] != "allow" or row in due or _is_stopped(standing[name])
    ]


@dataclass(frozen=True)
class _Taken:
    """A decision that can be taken as the grants stand, what it rests on, and the tranche that it lets go of."""

    decision: Decision
    evidence: frozenset[str]
    standing: tuple[Standing, ...]
    tranche: Tranche | None


def _take(
    seen: Seen, row: int, grant_id: str | None, standing: tuple[Standing, ...], due: Tranche | None, now: datetime
) -> _Taken:
    proposed = replace(seen.assessment.decision(row, grant_id), enforced=seen.enforce)
    evidence = tell_evidence(proposed, seen.assessment.decided.row(row, named=True))
    taken = temper(proposed, evidence, standing, now)
    # Two that differ in what they say are two, though they were taken at one moment.
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, repr((proposed.decision_id, taken.action, taken.grants, taken.enforced))))
    return _Taken(replace(taken, decision_id=name), evidence, standing, due if taken.action == "allow" else None)


def _force(connection: Connection, seen: Seen, row: int, taken: _Taken, now: datetime) -> None:
    record_decision(connection, taken.decision, tell_seen(seen, row))
    is_allowed = taken.decision.action == "allow"
    rested = known_evidence(taken.standing) | (frozenset() if is_allowed else taken.evidence)
    change_standing(connection, taken.decision, " ".join(sorted(rested)), now)
    if taken.tranche is not None:
        give_tranche(connection, taken.decision, taken.tranche, now)


def _is_stopped(standing: tuple[Standing, ...]) -> bool:
    return any(each.is_stopped for each in standing)


def _rated(seen: Seen, row: int) -> Rated:
    assessment = seen.assessment
    told = assessment.decided.row(row, named=True)
    return Rated(
        **{name: told[name] for name in RATED},
        model_version=assessment.model_version,
        decision_id=None,
        reasons=assessment.reasons[row],
    )
