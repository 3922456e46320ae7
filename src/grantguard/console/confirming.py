"""Revocations that wait for a second person: who asked, over what, and the other's yes or no."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from grantguard.console.deciding import Note
from grantguard.console.guarding import PREFIX, Visitor
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.words import say_headline
from grantguard.errors import NothingWaits
from grantguard.settlement import confirm, decline, state
from grantguard.statement import tell_way_back
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection
from grantguard.store.revocations import Revocation, find_waiting, revocations_of, waiting_revocations
from grantguard.store.risks import find_risk
from grantguard.store.standing import find_standing

LISTED: Final = 200


def add_confirming(router: APIRouter, office: Office) -> None:
    """Add what waits, each by itself, and its end."""

    @router.get("/confirm")
    def waiting(request: Request, done: str = "") -> Response:
        with office.desk.database.statement() as connection:
            rows = waiting_revocations(connection, LISTED)
            ended = revocations_of(connection, done)[:1] if done else ()
        return render(request, "waiting.html", rows=rows, now=office.clock(), ended=ended)

    @router.get("/confirm/{account_id}")
    def one(request: Request, account_id: str) -> Response:
        now, visitor = office.clock(), request.state.visitor
        with office.desk.database.connection() as connection:
            asked = _require(connection, account_id)
            record(connection, Entry(now, visitor.name, "account.viewed", account_id, {"for": "second person"}))
            about = _tell(connection, office, asked)
        about |= {"may_confirm": _may_confirm(visitor, asked), "may_decline": _may_decline(visitor, asked)}
        return render(request, "confirm.html", asked=asked, now=now, **about)

    @router.post("/confirm/{account_id}")
    def end(
        request: Request, account_id: str, end: Annotated[Literal["confirm", "decline"], Form()], note: Note = ""
    ) -> Response:
        """End the waiting: yes by an approver who did not ask, no by any approver, or by whoever asked."""
        visitor, now = request.state.visitor, office.clock()
        if end == "confirm":
            _require_role(visitor)
            confirm(office.desk, account_id, visitor.name, note, now)
        else:
            with office.desk.database.statement() as connection:
                asked = _require(connection, account_id)
            if not _may_decline(visitor, asked):
                _require_role(visitor)
            decline(office.desk.database, account_id, visitor.name, note, now)
        return RedirectResponse(f"{PREFIX}/confirm?done={quote(account_id, safe='')}", 303)


def _require(connection: Connection, account_id: str) -> Revocation:
    found = find_waiting(connection, [account_id]).get(account_id)
    if found is None:
        raise NothingWaits(f"account {account_id}: no revocation waits for a second person; look at its page")
    return found


def _tell(connection: Connection, office: Office, asked: Revocation) -> dict[str, Any]:
    """What the second person reads before they say anything."""
    rated, standing = find_risk(connection, asked.account_id), find_standing(connection, asked.account_id)
    stopped = [each for each in standing if each.action != "allow"]
    return {
        "headline": say_headline(rated),
        "rated": rated,
        "stopped": stopped,
        "statement": state(connection, stopped[0].decision_id) if stopped else None,
        "way_back": tell_way_back("revoke", office.ledger),
    }


def _may_confirm(visitor: Visitor, asked: Revocation) -> bool:
    return visitor.may("approver") and visitor.name != asked.asked_by


def _may_decline(visitor: Visitor, asked: Revocation) -> bool:
    return visitor.may("approver") or visitor.name == asked.asked_by


def _require_role(visitor: Visitor) -> None:
    if not visitor.may("approver"):
        raise HTTPException(403, "Only an approver may be the second person; ask an admin for the role")
