"""Logging in and out: by password, or by a link that opens once."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from grantguard.console.guarding import PREFIX, SESSION, VISIT, Guard, lead_back, made_here, set_cookie, sign
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.store.people import recognize
from grantguard.store.sessions import accept, close_session, open_session

REFUSED: Final = "This name and password open nothing. After five failures a name is locked for a quarter of an hour."
USED: Final = "This link opens nothing: it was used, or is too old. Ask for another, or log in with a password."

Said = Annotated[str, Form(max_length=1_000, pattern=r"^[^\x00]*$")]


def add_entering(router: APIRouter, office: Office, guard: Guard) -> None:
    """Add the pages that need no session."""
    visiting, inside = [Depends(made_here(VISIT))], [Depends(made_here(SESSION))]

    @router.get("/login")
    def ask(request: Request, next: str = "") -> Response:  # noqa: A002 - what the address says
        return _ahead(office, _with_visit(request, "login.html", next=next, refused=None))

    @router.post("/login", dependencies=visiting)
    def log_in(request: Request, name: Said, password: Said, next: Said = "") -> Response:  # noqa: A002 - the same
        with office.desk.database.statement() as connection:
            person = recognize(connection, name, password, office.clock())
        if person is None:
            return _with_visit(request, "login.html", status=401, next=next, refused=REFUSED)
        return _let_in(request, office, person.name, lead_back(next))

    @router.get("/enter/{token}")
    def show_link(request: Request, token: str) -> Response:
        """Show a button, so that what only looks at links uses none up."""
        return _ahead(office, _with_visit(request, "enter.html", token=token))

    @router.post("/enter/{token}", dependencies=visiting)
    def enter(request: Request, token: str) -> Response:
        with office.desk.database.connection() as connection:
            name = accept(connection, token, office.clock())
        if name is None:
            raise HTTPException(403, USED)
        return _let_in(request, office, name, lead_back(""))

    @router.post("/logout", dependencies=inside)
    def log_out(request: Request) -> Response:
        visitor = guard.find(request)
        if visitor is not None:
            with office.desk.database.connection() as connection:
                close_session(connection, visitor.token, visitor.name, office.clock())
        answer = RedirectResponse(f"{PREFIX}/login", 303)
        answer.delete_cookie(SESSION, path=PREFIX)
        return answer


def _ahead(office: Office, answer: Response) -> Response:
    """The answer; whoever comes in will look at the queue, which is made while they type."""
    answer.background = BackgroundTask(office.order.renew, office.clock())
    return answer


def _let_in(request: Request, office: Office, name: str, to: str) -> Response:
    """Open a session under a token that nobody had before: one that was planted opens nothing."""
    with office.desk.database.connection() as connection:
        token = open_session(connection, name, office.clock())
    answer = RedirectResponse(to, 303)
    set_cookie(answer, request, SESSION, token)
    answer.delete_cookie(VISIT, path=PREFIX)
    return answer


def _with_visit(request: Request, page: str, *, status: int = 200, **about: Any) -> Response:  # noqa: ANN401 - any value
    """A page with a form for whoever has no session yet: a cookie of its own makes the form his."""
    token = request.cookies.get(VISIT) or secrets.token_urlsafe(32)
    answer = render(request, page, status=status, csrf=sign(token), **about)
    set_cookie(answer, request, VISIT, token)
    return answer
