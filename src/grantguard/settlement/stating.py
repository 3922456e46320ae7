"""The statement of reasons of a decision: what was decided, what persons said since, how an appeal ended."""

from __future__ import annotations

from dataclasses import dataclass

from grantguard.errors import DecisionUnknown
from grantguard.statement import Said, tell_holder, tell_house
from grantguard.store.appeals import appeals_of
from grantguard.store.database import Connection
from grantguard.store.decisions import read_decision
from grantguard.store.verdicts import verdicts_of


@dataclass(frozen=True)
class Statement:
    """The two wordings: what the account holder may be sent, and what stays in the house."""

    holder: str
    house: str


def state(connection: Connection, decision_id: str, ended: str | None = None) -> Statement:
    """State a decision, and where it was appealed how that ``ended``. Raises ``DecisionUnknown``."""
    decision = read_decision(connection, decision_id)
    if decision is None:
        raise DecisionUnknown(f"decision {decision_id}: never taken here; check the id")
    verdicts = verdicts_of(connection, decision.account_id)
    said = [Said(each.verdict, each.reviewer, each.given_at, each.note) for each in verdicts]
    said += [
        Said(f"appeal {each.outcome}", each.settled_by, each.settled_at, each.settled_note or "")
        for each in appeals_of(connection, decision.account_id)
        if each.settled_by and each.settled_at
    ]
    newest = sorted(said, key=lambda each: each.at, reverse=True)
    verdict = next((each.verdict for each in verdicts), None)
    return Statement(tell_holder(decision, verdict, ended), tell_house(decision, tuple(newest)))
