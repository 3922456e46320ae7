"""Who may come in: a session in force, of somebody with a role that the page is for; and forms that we made."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from grantguard.console.office import Office
from grantguard.store.people import Person, Role
from grantguard.store.sessions import find_session

SESSION: Final = "grantguard_session"
VISIT: Final = "grantguard_visit"
"""Cookies: of who has logged in, and of who is about to."""

PREFIX: Final = "/console"


@dataclass(frozen=True)
class Visitor:
    """Who asks, and the token of the session."""

    person: Person
    token: str

    @property
    def name(self) -> str:
        """The person's name: the actor of the audit trail."""
        return self.person.name

    @property
    def csrf(self) -> str:
        """What every form of the session carries."""
        return sign(self.token)

    def may(self, *roles: Role) -> bool:
        """Whether the person has one of the roles."""
        return bool(set(roles) & set(self.person.roles))


def sign(token: str) -> str:
    """What a form carries to show that it was made for the holder of a cookie: made of it, and not leading back."""
    return hashlib.sha256(f"form:{token}".encode("utf-8", "surrogateescape")).hexdigest()


async def require_own_form(request: Request, token: str) -> None:
    """Refuse a form that was not made here, for the holder of the cookie."""
    given = (await request.form()).get("csrf")
    if not (token and isinstance(given, str) and hmac.compare_digest(given.encode(), sign(token).encode())):
        raise HTTPException(403, "This form was not made here, or is from another session; go back and load it anew")


def made_here(cookie: str) -> Callable[[Request], Coroutine[Any, Any, None]]:
    """A dependency of routes that need no session: their forms are made for the holder of this cookie."""

    async def check(request: Request) -> None:
        await require_own_form(request, request.cookies.get(cookie, ""))

    return check


def set_cookie(response: Response, request: Request, name: str, token: str) -> None:
    """Give a cookie that no script reads and no other site sends; over https it stays there."""
    response.set_cookie(
        name, token, path=PREFIX, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


@dataclass(frozen=True)
class Guard:
    """Lets people in, or shows them the door."""

    office: Office

    def find(self, request: Request) -> Visitor | None:
        """Who asks, if the session is in force."""
        token = request.cookies.get(SESSION, "")
        if not token:
            return None
        with self.office.desk.database.statement() as connection:
            person = find_session(connection, token, self.office.clock())
        return None if person is None else Visitor(person, token)

    async def admit(self, request: Request, roles: tuple[Role, ...]) -> Visitor | None:
        """Who asks; None for whoever must log in first. Raises 403 for another role's page and a forged form."""
        visitor = await run_in_threadpool(self.find, request)
        if visitor is None:
            return None
        if request.method != "GET":
            await require_own_form(request, visitor.token)
        if not visitor.may(*roles):
            raise HTTPException(403, f"This page is for the roles {', '.join(roles)}; ask an admin for one")
        return visitor

    def router(self, *roles: Role) -> APIRouter:
        """A router whose every route needs one of the roles; who asks is ``request.state.visitor``."""
        guard = self

        class Guarded(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                answer = super().get_route_handler()

                async def admitted(request: Request) -> Response:
                    visitor = await guard.admit(request, roles)
                    if visitor is None:
                        return RedirectResponse(_to_log_in(request), 303)
                    request.state.visitor = visitor
                    return await answer(request)

                return admitted

        return APIRouter(route_class=Guarded)


def _to_log_in(request: Request) -> str:
    """The log-in page, which leads back to a page that was asked for."""
    if request.method != "GET":
        return f"{PREFIX}/login"
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{PREFIX}/login?next={quote(wanted)}"


def lead_back(wanted: str) -> str:
    """Where to go after log-in: a page of the console, and nowhere else."""
    inside = wanted.startswith(f"{PREFIX}/") and "\\" not in wanted and wanted.isprintable()
    return wanted if inside else f"{PREFIX}/"
