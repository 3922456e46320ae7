"""Raw events of an account, by the page and filtered; when they happened is told since the first grant."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.waiting import Text
from grantguard.contract import CATEGORIES
from grantguard.contract import STATUSES as EVENT_STATUSES
from grantguard.store.audit import Entry, record
from grantguard.store.reading import find_known
from grantguard.store.viewing import Sought, first_grant_at, read_events

A_PAGE: Final = 50
"""Events of a page."""


class Asked(BaseModel):
    """Which events, and which page of them."""

    category: Text = None
    status: Text = None
    grant_id: Text = None
    session_id: Text = None
    page: Annotated[int, Query(ge=1, le=100_000)] = 1

    def sought(self) -> Sought:
        """The same, as the store is asked."""
        return Sought(self.category, self.status, self.grant_id, self.session_id)


def add_events(router: APIRouter, office: Office) -> None:
    """Add the page of an account's events."""

    @router.get("/accounts/{account_id:path}/events")
    def events(request: Request, account_id: str, asked: Annotated[Asked, Query()]) -> Response:
        now, name = office.clock(), request.state.visitor.name
        with office.desk.database.connection() as connection:
            if not find_known(connection, [account_id]):
                raise HTTPException(404, f"Account {account_id}: nothing was ever sent of it; check the id.")
            record(connection, Entry(now, name, "account.viewed", account_id, {"events": asked.page}))
        # One more than is shown tells whether there is a next page, without counting them all.
        rows = tell_events(office, account_id, asked.sought(), A_PAGE + 1, (asked.page - 1) * A_PAGE)
        about: dict[str, Any] = {
            "account_id": account_id,
            "rows": rows[:A_PAGE],
            "more": len(rows) > A_PAGE,
            "page": asked.page,
        }
        filters = asked.model_dump(exclude_none=True, exclude={"page"})
        choices = {"category": CATEGORIES, "status": EVENT_STATUSES}
        return render(request, "events.html", **about, filters=filters, choices=choices)


def tell_events(office: Office, account_id: str, sought: Sought, limit: int, skip: int) -> list[dict[str, Any]]:
    """Events of an account, the newest first, each with ``since``: the moment that its time is counted from."""
    with office.desk.database.statement() as connection:
        since = first_grant_at(connection, account_id)
        rows = read_events(connection, account_id, sought, limit, skip)
    return [row | {"since": since} for row in rows]
