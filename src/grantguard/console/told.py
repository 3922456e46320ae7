"""What a page tells of an account: how it stands, and what became of it when somebody just decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grantguard.console.office import Office
from grantguard.console.words import say_headline
from grantguard.store.database import Connection
from grantguard.store.decisions import newest_decision
from grantguard.store.draws import find_draw
from grantguard.store.revocations import find_waiting
from grantguard.store.risks import find_risk
from grantguard.store.standing import find_standing
from grantguard.store.verdicts import Verdict, verdicts_of
from grantguard.vocabulary import Action, Capabilities, Decision


def tell_account(connection: Connection, account_id: str) -> dict[str, Any]:
    """Its ``headline``, how it is ``rated``, and what of it is ``stopped``: what is read before anything is said."""
    rated = find_risk(connection, account_id)
    stopped = [each for each in find_standing(connection, account_id) if each.is_stopped]
    return {"headline": say_headline(rated), "rated": rated, "stopped": stopped}


@dataclass(frozen=True)
class Done:
    """The newest verdict about an account, what follows from it and how to undo that; None: there is no verdict.

    ``waits``: a second person must say so too before anything is revoked. ``drawn_with`` tells that the account had
    been drawn at random: only now, for who knows before judges otherwise.
    """

    account_id: str
    verdict: Verdict | None
    decision: Decision | None
    drawn_with: float | None
    undo: str | None
    waits: bool


def tell_done(office: Office, account_id: str | None) -> Done | None:
    """What became of it; None where nothing was just done."""
    if not account_id:
        return None
    with office.desk.database.statement() as connection:
        return _read(connection, account_id, office.capabilities)


def _read(connection: Connection, account_id: str, ledger: Capabilities) -> Done:
    verdict = next(iter(verdicts_of(connection, account_id)), None)
    decision = newest_decision(connection, account_id)
    undo = None if decision is None else say_undo(decision.action, ledger)
    waits = account_id in find_waiting(connection, [account_id])
    return Done(account_id, verdict, decision, find_draw(connection, account_id), undo, waits)


def say_undo(action: Action, ledger: Capabilities) -> str | None:
    """How what was decided is undone, or that the ledger cannot; None where there is nothing to undo."""
    if action == "allow":
        return None
    if not ledger.can_release:
        return f"The ledger cannot undo it: {ledger.otherwise}."
    undone = "the hold ends" if action == "hold" else "what was revoked is given anew"
    return f"To undo it, open the account and say genuine: {undone}."
