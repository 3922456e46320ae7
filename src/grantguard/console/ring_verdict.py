"""One verdict for a ring, or for those picked of it: named with count and credits first, then given."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

import polars as pl
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from grantguard.console.deciding import NAMES as TECHNIQUES
from grantguard.console.deciding import Note, require_first
from grantguard.console.guarding import PREFIX
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.ring import require_members, total_of
from grantguard.settlement import Judgement, judge
from grantguard.store.claims import claimed_by
from grantguard.vocabulary import Label

WITH_OTHERS: Final = "Another reviewer has {} now; nothing was decided"
STRANGERS: Final = "{} stands in this ring no more; nothing was decided. Load the ring anew"

Picked = Annotated[list[str], Query(max_length=1_000)]


def add_ring_verdict(router: APIRouter, office: Office) -> None:
    """Add the page that names what a verdict would do, and the verdict."""

    @router.get("/rings/{ring_id:path}/verdict")
    def name(request: Request, ring_id: str, account: Picked = []) -> Response:  # noqa: B006 - never changed
        """Name whom a verdict would be about: those picked, else all; whoever another reviewer has is left out."""
        now, visitor = office.clock(), request.state.visitor
        with office.desk.database.statement() as connection:
            members = require_members(connection, ring_id)
            claims = claimed_by(connection, members["account_id"].to_list(), now)
        picked = members.filter(pl.col("account_id").is_in(account)) if account else members
        others = sorted(each for each in picked["account_id"] if claims.get(each, visitor.name) != visitor.name)
        chosen = picked.filter(~pl.col("account_id").is_in(others))
        about: dict[str, Any] = {"ring_id": ring_id, "rows": chosen.to_dicts(), "total": total_of(chosen)}
        about |= {"all": total_of(members), "others": others, "claims": claims, "techniques": TECHNIQUES}
        return render(request, "ring_verdict.html", above=office.desk.rules.second_person_above, **about)

    @router.post("/rings/{ring_id:path}/verdict")
    def give(
        request: Request,
        ring_id: str,
        account: Annotated[list[str], Form(min_length=1, max_length=1_000)],
        verdict: Annotated[Label, Form()],
        note: Note = "",
        technique: Annotated[str, Form()] = "",
    ) -> Response:
        """Give the verdict to those who were named, and lead back to the ring."""
        visitor = request.state.visitor
        _require_free(office, ring_id, account, visitor.name)
        if verdict == "abuse" and not visitor.may("approver"):
            require_first(office, account, visitor.name)
        said = Judgement(tuple(account), ring_id, verdict, technique if technique in TECHNIQUES else None, note)
        decisions = judge(office.desk, said, visitor.name, office.clock())
        return RedirectResponse(f"{PREFIX}/rings/{quote(ring_id, safe='')}?done={len(decisions)}", 303)


def _require_free(office: Office, ring_id: str, account_ids: list[str], person: str) -> None:
    """Refuse what was not named: accounts of another ring, or that another reviewer has taken meanwhile."""
    with office.desk.database.statement() as connection:
        members = set(require_members(connection, ring_id)["account_id"])
        claims = claimed_by(connection, account_ids, office.clock())
    for each in account_ids:
        if each not in members:
            raise HTTPException(409, STRANGERS.format(each))
        if claims.get(each, person) != person:
            raise HTTPException(409, WITH_OTHERS.format(each))
