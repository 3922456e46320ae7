"""The console as an application of its own, to be mounted beside the service."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from grantguard.console.account import add_account
from grantguard.console.appeals import add_appeals
from grantguard.console.audit import add_audit
from grantguard.console.campaigns import add_campaigns, add_counting
from grantguard.console.confirming import add_confirming
from grantguard.console.deciding import add_deciding
from grantguard.console.entering import add_entering
from grantguard.console.events import add_events
from grantguard.console.guarding import PREFIX, Guard
from grantguard.console.locks import Locked
from grantguard.console.models import add_models
from grantguard.console.office import Office
from grantguard.console.pages import PAGES, render
from grantguard.console.queue import add_queue
from grantguard.console.ring import add_ring
from grantguard.console.ring_verdict import add_ring_verdict
from grantguard.console.search import add_search
from grantguard.console.statics import add_statics
from grantguard.errors import (
    AccountUnknown,
    AppealSettled,
    AppealUnknown,
    DecisionUnknown,
    GrantguardError,
    NothingWaits,
    RingUnknown,
    SecondPersonNeeded,
    StoreUnreachable,
)

__all__ = ["PREFIX", "create_console"]

STATUSES: Final[dict[type[GrantguardError], int]] = {
    **dict.fromkeys((AccountUnknown, AppealUnknown, DecisionUnknown, RingUnknown), 404),
    SecondPersonNeeded: 403,
    **dict.fromkeys((NothingWaits, AppealSettled), 409),
    StoreUnreachable: 503,
}
"""What our errors are as pages; any other is 422."""

AWAY: Final = "The store does not answer. Nothing was lost: load the page again in a moment."


def create_console(office: Office) -> FastAPI:
    """The console of an office, to be mounted under ``PREFIX``."""
    app = FastAPI(title="Grantguard console", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Locked)
    _install_faults(app)
    guard = Guard(office)
    open_to_all, reviewing = APIRouter(), guard.router("reviewer")
    approving, reading = guard.router("approver"), guard.router("reviewer", "approver")
    watching, counting = guard.router("reviewer", "approver", "admin"), guard.router("approver", "admin")
    ruling = guard.router("admin")

    @open_to_all.get("/")
    def first(request: Request) -> Response:
        """Lead to where work begins: for each role somewhere else."""
        visitor = guard.find(request)
        known = () if visitor is None else (address for _, address, roles in PAGES if visitor.may(*roles))
        return RedirectResponse(f"{PREFIX}{next(iter(known), '/login')}", 303)

    add_statics(open_to_all)
    add_entering(open_to_all, office, guard)
    add_queue(reviewing, office)
    add_deciding(reviewing, office)
    add_confirming(approving, office)
    add_events(reading, office)
    add_ring_verdict(reviewing, office)
    add_ring(reading, office)
    add_appeals(reading, office)
    add_search(reading, office)
    add_campaigns(watching, office)
    add_models(watching, office)
    add_counting(counting, office)
    add_audit(ruling, office)
    # Last: an id may hold a slash, so that its page answers to whatever stands below accounts.
    add_account(reading, office)
    for router in (open_to_all, reviewing, approving, reading, watching, counting, ruling):
        app.include_router(router)
    return app


def _install_faults(app: FastAPI) -> None:
    """Show every fault as a page that says what to do."""

    @app.exception_handler(RequestValidationError)
    async def refuse_shape(request: Request, error: RequestValidationError) -> Response:
        fields = ", ".join(sorted({str(each["loc"][-1]) for each in error.errors()}))
        return _fault(request, 422, f"The page cannot be made of what was sent: {fields}.")

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        return _fault(request, error.status_code, str(error.detail))

    @app.exception_handler(GrantguardError)
    async def fail(request: Request, error: GrantguardError) -> Response:
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 422)
        # What a database says of itself is nobody's business.
        return _fault(request, status, AWAY if status == 503 else f"{str(error)[:1].upper()}{str(error)[1:]}.")


def _fault(request: Request, status: int, says: str) -> Response:
    return render(request, "fault.html", status=status, code=status, says=says)
