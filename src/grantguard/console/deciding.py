"""Deciding: a reviewer's verdict goes the one way that verdicts go, through ``settlement.judge``."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from grantguard.console.office import Office
from grantguard.console.queue import lead_on
from grantguard.settlement import Judgement, judge
from grantguard.store.audit import Entry, record
from grantguard.store.claims import claim, release_claim
from grantguard.store.revocations import find_accused
from grantguard.vocabulary import Label
from grantguard.worlds import TECHNIQUES

NAMES = tuple(each.name for each in TECHNIQUES)

Verdict = Literal["abuse", "genuine", "compromised", "unsure"]
Note = Annotated[str, Form(max_length=4_000, pattern=r"^[^\x00]*$")]


def add_deciding(router: APIRouter, office: Office) -> None:
    """Add what ends a review."""

    @router.post("/accounts/{account_id:path}/decide")
    def decide(
        request: Request,
        account_id: str,
        verdict: Annotated[Verdict, Form()],
        note: Note = "",
        technique: Annotated[str, Form()] = "",
        asked: Annotated[str, Form()] = "",
    ) -> Response:
        """Decide, and open the next account."""
        visitor = request.state.visitor
        person = visitor.name
        _require_claim(office, account_id, person)
        if verdict == "abuse" and not visitor.may("approver"):
            require_first(office, [account_id], person)
        if verdict == "unsure":
            _pass_on(office, account_id, person, note)
        else:
            _judge(office, account_id, person, verdict, technique if technique in NAMES else None, note)
        return RedirectResponse(lead_on(office, person, office.clock(), asked, but=account_id, done=account_id), 303)


def _require_claim(office: Office, account_id: str, person: str) -> None:
    """Nobody decides about an account that another reviewer has before them."""
    with office.desk.database.connection() as connection:
        if not claim(connection, account_id, person, office.clock(), office.lapse):
            raise HTTPException(409, "Another reviewer has this account now; nothing was decided")


def require_first(office: Office, account_ids: list[str], person: str) -> None:
    """The second of two who say abuse is an approver, whichever page it is said on."""
    with office.desk.database.statement() as connection:
        accused = find_accused(connection, account_ids, person, office.desk.rules.second_person_above)
    for account_id, first in accused.items():
        raise HTTPException(403, f"{first} said abuse of {account_id} before; an approver confirms that, or declines")


def _judge(office: Office, account_id: str, person: str, verdict: Label, technique: str | None, note: str) -> None:
    now = office.clock()
    judge(office.desk, Judgement((account_id,), None, verdict, technique, note), person, now)
    with office.desk.database.connection() as connection:
        release_claim(connection, account_id, person)


def _pass_on(office: Office, account_id: str, person: str, note: str) -> None:
    """No verdict: the grants stay as they stand, and the claim keeps the account from coming back until it lapses."""
    with office.desk.database.connection() as connection:
        record(connection, Entry(office.clock(), person, "account.unsure", account_id, {"note": note}))
