"""The queue: whom to review next, who has whom, and the next account for whoever asks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import polars as pl
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from grantguard.console.guarding import PREFIX
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.told import tell_done
from grantguard.console.waiting import Filters, list_waiting
from grantguard.store.audit import Entry, record
from grantguard.store.claims import claim, release_claim
from grantguard.store.draws import keep_draws
from grantguard.store.listing import read_reasons
from grantguard.vocabulary import FAMILIES

A_PAGE: Final = 25
"""Accounts of a page."""


Said = Annotated[str, Form(max_length=2_000, pattern=r"^[^\x00]*$")]


class Asked(Filters):
    """What the address asks for: filters, a page, and the account that was just done."""

    page: Annotated[int, Query(ge=1, le=1_000)] = 1
    done: str | None = None


def add_queue(router: APIRouter, office: Office) -> None:
    """Add the queue, and taking accounts from it."""

    @router.get("/queue")
    def queue(request: Request, asked: Annotated[Asked, Query()]) -> Response:
        now = office.clock()
        waiting = list_waiting(office, now)
        about = _tell_queue(office, waiting, asked, request.state.visitor.name)
        return render(request, "queue.html", done=tell_done(office, asked.done), **about)

    @router.post("/next")
    def take_next(request: Request, after: Said = "", asked: Said = "") -> Response:
        """Take the first account that nobody has; the one before is let go."""
        name, now = request.state.visitor.name, office.clock()
        if after:
            with office.desk.database.connection() as connection:
                release_claim(connection, after, name)
        return RedirectResponse(lead_on(office, name, now, asked, but=after), 303)

    @router.post("/accounts/{account_id:path}/claim")
    def take(request: Request, account_id: str) -> Response:
        """Take an account, if nobody has it."""
        take_one(office, account_id, request.state.visitor.name, office.clock())
        return RedirectResponse(f"{PREFIX}/accounts/{quote(account_id, safe='')}", 303)


def take_one(office: Office, account_id: str, person: str, now: datetime) -> bool:
    """Take an account, with a line in the audit trail; whether it is the person's now."""
    with office.desk.database.connection() as connection:
        taken = claim(connection, account_id, person, now, office.lapse)
        if taken:
            record(connection, Entry(now, person, "account.claimed", account_id))
    return taken


def lead_on(office: Office, person: str, now: datetime, filters: str = "", *, but: str = "", done: str = "") -> str:
    """Where the next account stands that nobody has, which is the person's from now on; the queue, if there is none."""
    wanted = Filters.model_validate(dict(parse_qsl(filters)))
    listed = list_waiting(office, now)
    _keep_draws(office, listed, now)
    waiting = wanted.matching(listed).filter(pl.col("person").is_null(), pl.col("account_id") != but)
    about = wanted.asked() | ({"done": done} if done else {})
    for account_id in waiting["account_id"]:
        if take_one(office, account_id, person, now):
            return f"{PREFIX}/accounts/{quote(account_id, safe='')}?{urlencode(about)}"
    return f"{PREFIX}/queue?{urlencode(about)}"


def _keep_draws(office: Office, listed: pl.DataFrame, now: datetime) -> None:
    """Remember who was drawn into this day's queue, now that it is worked on; nobody is told before the verdict."""
    drawn = listed.drop_nulls("drawn_with")
    with office.desk.database.connection() as connection:
        keep_draws(connection, dict(drawn.select("account_id", "drawn_with").iter_rows()), now)


def _tell_queue(office: Office, waiting: pl.DataFrame, asked: Asked, person: str) -> dict[str, Any]:
    wanted = asked.matching(waiting)
    rows = wanted.slice((asked.page - 1) * A_PAGE, A_PAGE)
    with office.desk.database.statement() as connection:
        reasons = read_reasons(connection, rows["account_id"].to_list())
    return {
        "rows": [row | {"reasons": reasons.get(row["account_id"], ())} for row in rows.iter_rows(named=True)],
        "mine": waiting.filter(pl.col("person") == person)["account_id"].to_list(),
        "counts": _count(waiting, wanted),
        "choices": _choices(waiting),
        "filters": asked.asked(),
        "page": asked.page,
        "pages": max(1, -(-wanted.height // A_PAGE)),
        "skipped": (asked.page - 1) * A_PAGE,
    }


def _count(waiting: pl.DataFrame, wanted: pl.DataFrame) -> dict[str, Any]:
    return {
        "waiting": waiting.height,
        "shown": wanted.height,
        "held": wanted.filter(pl.col("action") == "hold").height,
        "taken": wanted.drop_nulls("person").height,
        "credits": float(wanted["promo_credits_left"].sum()),
    }


def _choices(waiting: pl.DataFrame) -> dict[str, list[tuple[str, int]]]:
    """What can be chosen, with how many accounts each would leave."""
    campaigns = waiting.select(campaign=pl.col("campaigns")).explode("campaign")
    return {
        "action": _tally(waiting["action"]),
        "family": [(name, count) for name, count in _tally(waiting["family"]) if name in FAMILIES],
        "technique": _tally(waiting["technique"]),
        "campaign": _tally(campaigns["campaign"]),
    }


def _tally(values: pl.Series) -> list[tuple[str, int]]:
    counted = values.drop_nulls().value_counts(sort=True)
    return [(str(name), int(count)) for name, count in counted.iter_rows()]
