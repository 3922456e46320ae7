"""The page of an account: why it looks unusual, what speaks for it, who else it might be, and the decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from grantguard.console.case import Case, read_case
from grantguard.console.charts import Chart, Mark, draw_burn, draw_sizes, draw_use
from grantguard.console.deciding import NAMES as TECHNIQUES
from grantguard.console.events import tell_events
from grantguard.console.hints import hint_at
from grantguard.console.lookalikes import find_lookalikes
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.testimony import speak_for
from grantguard.console.told import tell_done
from grantguard.console.waiting import Filters
from grantguard.console.words import say_credits, say_headline
from grantguard.forest import SPEAKING
from grantguard.signals import CATALOGUE
from grantguard.store.audit import Entry, record
from grantguard.store.viewing import Sought
from grantguard.vocabulary import Reason

SESSIONS: Final = 12
"""Sessions, and linked accounts, that are shown: the largest, and the closest."""
LINKED: Final = 20
EVENTS: Final = 10

PLACES: Final = {each.name: number for number, each in enumerate(CATALOGUE)}
LOOKS_THE_SAME: Final = {each.name: each.looks_the_same for each in SPEAKING}


class Asked(Filters):
    """The queue's filters, which *next* keeps to, and the account that was just done."""

    done: str | None = None


def add_account(router: APIRouter, office: Office) -> None:
    """Add the page of an account."""

    @router.get("/accounts/{account_id:path}")
    def account(request: Request, account_id: str, asked: Annotated[Asked, Query()]) -> Response:
        now, visitor = office.clock(), request.state.visitor
        case = read_case(office, account_id, now)
        with office.desk.database.connection() as connection:
            record(connection, Entry(now, visitor.name, "account.viewed", account_id))
        about: dict[str, Any] = {
            "case": case,
            "now": now,
            "filters": asked.asked(),
            "done": tell_done(office, asked.done),
        }
        return render(request, "account.html", **about, **_tell(office, case))


def _tell(office: Office, case: Case) -> dict[str, Any]:
    """What the page says of the case."""
    reasons = () if case.rated is None else case.rated.reasons
    signals = [reason.signal for reason in reasons]
    return {
        "headline": say_headline(case.rated),
        "hint": hint_at(signals),
        "reasons": [_tell_reason(office, reason) for reason in reasons],
        "lookalikes": find_lookalikes(signals),
        "for_it": speak_for(case.usage, case.grants, case.billing),
        "charts": _draw(case),
        "sessions": _tell_sessions(case),
        "links": _tell_links(case.links),
        "stopped": [each for each in case.standing if each.is_stopped],
        "techniques": TECHNIQUES,
        "above": office.desk.rules.second_person_above,
        "events": tell_events(office, case.account_id, Sought(), EVENTS, 0) if case.usage.height else [],
    }


def _tell_reason(office: Office, reason: Reason) -> dict[str, Any]:
    """A reason with the range that is usual, if its age is no exception, and which genuine people do the same."""
    scale, place = office.desk.charge.now().bundle.scale, PLACES.get(reason.signal)
    middle = None if place is None else scale.middle(place)
    is_usual = middle is not None and reason.typical is not None and middle[0] < reason.typical < middle[1]
    return {"reason": reason, "middle": middle if is_usual else None, "same": LOOKS_THE_SAME[reason.signal]}


def _draw(case: Case) -> list[Chart]:
    if case.since is None or case.usage.is_empty():
        return []
    return [
        draw_burn(case.usage, case.grants, _marks(case), case.since),
        draw_use(case.usage, case.since),
        draw_sizes(case.usage, case.population),
    ]


def _marks(case: Case) -> Iterator[Mark]:
    for grant in case.grants.iter_rows(named=True):
        yield Mark(grant["granted_at"], "grant", f"{grant['kind']}: {say_credits(grant['credits'])}")
    for row in case.billing.iter_rows(named=True):
        kind = "money back" if row["kind"] in {"refund", "chargeback"} else "payment"
        yield Mark(row["occurred_at"], kind, f"{row['kind']}: {row['amount_usd']:,.2f} USD")
    for decision, _ in case.decisions:
        yield Mark(decision.at, "decision", decision.action)


def _tell_sessions(case: Case) -> list[dict[str, Any]]:
    """The largest sessions, as they came."""
    grouped = (
        case.usage.drop_nulls("session_id")
        .group_by("session_id")
        .agg(
            pl.len().alias("requests"),
            began_at=pl.col("occurred_at").min(),
            lasted=pl.col("occurred_at").max() - pl.col("occurred_at").min(),
            credits=pl.col("credits").sum(),
            tokens=(pl.col("input_tokens") + pl.col("output_tokens")).sum(),
            categories=pl.col("category").unique().sort().str.join(", "),
        )
    )
    return grouped.sort("requests", "session_id", descending=[True, False]).head(SESSIONS).sort("began_at").to_dicts()


def _tell_links(links: pl.DataFrame) -> list[dict[str, Any]]:
    """Each linked account with the kinds of its links, the closest first."""
    others = links.group_by("other", maintain_order=True).agg(
        kinds=pl.struct("kind", "said", "holders"), said=pl.col("said").sum()
    )
    return others.sort("said", "other", descending=[True, False]).head(LINKED).to_dicts()
