"""Search: an account, a grant, an organization or a decision by its name."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.store.searching import search

MOST: Final = 50

Said = Annotated[str, Query(max_length=512, pattern=r"^[^\x00]*$")]


def add_search(router: APIRouter, office: Office) -> None:
    """Add the page."""

    @router.get("/search")
    def find(request: Request, q: Said = "") -> Response:
        said = q.strip()
        with office.desk.database.statement() as connection:
            hits = search(connection, said, MOST)
        return render(request, "search.html", said=said, hits=hits, most=MOST)
