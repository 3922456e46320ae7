"""The audit log: who did what to what, and when, by the page."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.waiting import Text
from grantguard.store.audit import Sought, page_audit

A_PAGE: Final = 50


class Asked(BaseModel):
    """Which lines, and before which of them."""

    actor: Text = None
    action: Text = None
    subject: Text = None
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None

    def sought(self) -> Sought:
        """The same, as the store is asked."""
        return Sought(self.actor, self.action, self.subject)


def add_audit(router: APIRouter, office: Office) -> None:
    """Add the log."""

    @router.get("/audit")
    def log(request: Request, asked: Annotated[Asked, Query()]) -> Response:
        with office.desk.database.statement() as connection:
            lines = page_audit(connection, asked.sought(), A_PAGE + 1, asked.before)
        filters = asked.model_dump(exclude_none=True, exclude={"before"})
        about: dict[str, Any] = {"filters": filters, "paged": asked.before is not None}
        more = lines[A_PAGE - 1].id if len(lines) > A_PAGE else None
        return render(request, "audit.html", lines=lines[:A_PAGE], more=more, **about)
