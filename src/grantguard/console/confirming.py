"""The second person: revocations that somebody asked for, confirmed or declined by somebody else."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from grantguard.console.guarding import PREFIX
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.told import tell_done
from grantguard.settlement import confirm, decline
from grantguard.store.revocations import waiting_revocations

MOST: Final = 200
"""Revocations that are listed at a time, those that wait the longest."""

Note = Annotated[str, Form(max_length=4_000, pattern=r"^[^\x00]*$")]


def add_confirming(router: APIRouter, office: Office) -> None:
    """Add what waits for a second person, and that person's yes and no."""

    @router.get("/confirm")
    def waiting(request: Request, done: str | None = None) -> Response:
        with office.desk.database.statement() as connection:
            rows = waiting_revocations(connection, MOST)
        about: dict[str, Any] = {"rows": rows, "now": office.clock(), "above": office.desk.rules.second_person_above}
        return render(request, "confirm.html", done=tell_done(office, done), **about)

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
