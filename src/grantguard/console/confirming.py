"""The second person: revocations that somebody asked for, read, and confirmed or declined by somebody else."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from grantguard.console.deciding import Note
from grantguard.console.guarding import PREFIX
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.told import say_undo, tell_account, tell_done
from grantguard.errors import NothingWaits
from grantguard.settlement import confirm, decline, state
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection
from grantguard.store.revocations import Revocation, find_waiting, waiting_revocations

MOST: Final = 200
"""Revocations that are listed at a time, those that wait the longest."""


def add_confirming(router: APIRouter, office: Office) -> None:
    """Add what waits for a second person, each by itself, and that person's yes and no."""

    @router.get("/confirm")
    def waiting(request: Request, done: str | None = None) -> Response:
        with office.desk.database.statement() as connection:
            rows = waiting_revocations(connection, MOST)
        about: dict[str, Any] = {"rows": rows, "now": office.clock(), "above": office.desk.rules.second_person_above}
        return render(request, "waiting.html", done=tell_done(office, done), **about)

    @router.get("/confirm/{account_id:path}")
    def one(request: Request, account_id: str) -> Response:
        now, visitor = office.clock(), request.state.visitor
        with office.desk.database.connection() as connection:
            asked = _require(connection, account_id)
            record(connection, Entry(now, visitor.name, "account.viewed", account_id, {"for": "second person"}))
            about = _tell(connection, office, asked)
        return render(request, "confirm.html", asked=asked, now=now, **about)

    @router.post("/accounts/{account_id:path}/confirm")
    def say_yes(request: Request, account_id: str, note: Note = "") -> Response:
        """Revoke, as the second person; who asked is refused."""
        confirm(office.desk, account_id, request.state.visitor.name, note, office.clock())
        return _back(account_id)

    @router.post("/accounts/{account_id:path}/decline")
    def say_no(request: Request, account_id: str, note: Note = "") -> Response:
        """Leave it held; who asked takes it back by this."""
        decline(office.desk.database, account_id, request.state.visitor.name, note, office.clock())
        return _back(account_id)


def _back(account_id: str) -> Response:
    return RedirectResponse(f"{PREFIX}/confirm?done={quote(account_id, safe='')}", 303)


def _require(connection: Connection, account_id: str) -> Revocation:
    found = find_waiting(connection, [account_id]).get(account_id)
    if found is None:
        raise NothingWaits(f"account {account_id}: no revocation waits for a second person; look at its page")
    return found


def _tell(connection: Connection, office: Office, asked: Revocation) -> dict[str, Any]:
    """What the second person reads before they say anything."""
    about = tell_account(connection, asked.account_id)
    stopped = about["stopped"]
    return about | {
        "statement": state(connection, stopped[0].decision_id) if stopped else None,
        "undo": say_undo("revoke", office.capabilities),
    }
