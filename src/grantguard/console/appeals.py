"""Appeals: the inbox, one appeal with what it is about, and its end."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from grantguard.console.guarding import PREFIX
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.told import tell_account
from grantguard.settlement import overturn, require_appeal, state, uphold
from grantguard.store.appeals import Appeal, list_appeals
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection
from grantguard.store.verdicts import verdicts_of

LISTED: Final = 200

Why = Annotated[str, Form(min_length=1, max_length=4_000, pattern=r"^[^\x00]*\S[^\x00]*$")]


def add_appeals(router: APIRouter, office: Office) -> None:
    """Add the inbox, an appeal, and its end."""

    @router.get("/appeals")
    def inbox(request: Request, which: Literal["open", "settled"] = "open") -> Response:
        with office.desk.database.statement() as connection:
            rows = list_appeals(connection, LISTED, settled=which == "settled")
        return render(request, "appeals.html", rows=rows, which=which, now=office.clock())

    @router.get("/appeals/{appeal_id}")
    def one(request: Request, appeal_id: str) -> Response:
        now, visitor = office.clock(), request.state.visitor
        found = require_appeal(office.desk.database, appeal_id)
        with office.desk.database.connection() as connection:
            record(connection, Entry(now, visitor.name, "account.viewed", found.account_id, {"appeal_id": appeal_id}))
            about = _tell(connection, office, found)
        return render(request, "appeal.html", appeal=found, now=now, **about)

    @router.post("/appeals/{appeal_id}")
    def end(
        request: Request, appeal_id: str, end: Annotated[Literal["overturn", "uphold"], Form()], why: Why
    ) -> Response:
        """Overturn, which gives back and becomes a verdict, or uphold; either with a reason."""
        person, now = request.state.visitor.name, office.clock()
        if end == "overturn":
            overturn(office.desk, appeal_id, person, why, now)
        else:
            uphold(office.desk.database, appeal_id, person, why, now)
        found = require_appeal(office.desk.database, appeal_id)
        return RedirectResponse(f"{PREFIX}/appeals/{found.appeal_id}", 303)


def _tell(connection: Connection, office: Office, found: Appeal) -> dict[str, Any]:
    """What is read before an appeal is settled, and what may be sent when it is."""
    return tell_account(connection, found.account_id) | {
        "verdicts": verdicts_of(connection, found.account_id),
        "statement": state(connection, found.decision_id, found.outcome),
        "can_give_back": office.capabilities.can_release,
        "otherwise": office.capabilities.otherwise,
    }
