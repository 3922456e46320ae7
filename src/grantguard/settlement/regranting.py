"""Grants given anew: whom a person calls genuine gets back what was revoked, though the grant be closed by now."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from grantguard.settlement.evidence import known_evidence
from grantguard.store.database import Connection
from grantguard.store.decisions import record_decision
from grantguard.store.standing import change_standing, find_standings
from grantguard.vocabulary import Decision


def regrant(connection: Connection, decisions: Iterable[Decision], now: datetime) -> None:
    """Allow whatever of these decisions' accounts still stands revoked; the accounts are locked by who calls.

    A decision covers open grants, and a ledger that takes one back may have closed it with its sender.
    """
    cleared = {each.account_id: each for each in decisions if each.action == "allow"}
    for account_id, standing in find_standings(connection, list(cleared)).items():
        revoked = tuple(each.grant_id for each in standing if each.action == "revoke")
        if revoked:
            decision = _anew(cleared[account_id], revoked)
            record_decision(connection, decision, {"regranted": cleared[account_id].decision_id})
            change_standing(connection, decision, " ".join(sorted(known_evidence(standing))), now)


def _anew(cleared: Decision, grants: tuple[str, ...]) -> Decision:
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, repr((cleared.decision_id, grants, "regranted"))))
    return replace(cleared, decision_id=name, grants=grants)
