"""Campaigns: what the credit of each came to, as it was last counted."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from grantguard.console.charts import Chart
from grantguard.console.guarding import PREFIX
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.words import say_number, say_share
from grantguard.figures import COUNTS
from grantguard.store.audit import Entry, record
from grantguard.store.figures import Figures, find_figures, want_figures

PARTS: Final = {
    "genuine": "genuine, as far as known",
    "suspected": "held, not judged yet",
    "victims": "victims of a take-over",
    "leak": "leaked to gaming",
}
"""By whom credit was used, and how that is said."""

PATTERNS: Final = ("", "/", ".", "x")

DRAWN: Final = 12
"""Campaigns that are drawn, the largest; the table has all."""


def add_campaigns(router: APIRouter, office: Office) -> None:
    """Add the page of all campaigns, and of each."""

    @router.get("/campaigns")
    def campaigns(request: Request) -> Response:
        kept = _read(office)
        rows = kept.told or []
        charts = [_draw_use(rows[:DRAWN])] if rows else []
        about: dict[str, Any] = {"kept": kept, "rows": rows, "total": _add_up(rows), "charts": charts, "users": PARTS}
        return render(request, "campaigns.html", now=office.clock(), **about)

    @router.get("/campaigns/{campaign:path}")
    def one(request: Request, campaign: str) -> Response:
        kept = _read(office)
        row = next((each for each in kept.told or [] if each["campaign"] == campaign), None)
        if row is None:
            raise HTTPException(404, f"Campaign {campaign}: no grant of it was ever counted; look at the list.")
        charts = [_draw_leak(row["leaked"])] if row["leaked"] else []
        return render(request, "campaign.html", now=office.clock(), kept=kept, row=row, charts=charts, users=PARTS)


def add_counting(router: APIRouter, office: Office) -> None:
    """Add the wish that figures be counted anew."""

    @router.post("/figures/{name}")
    def count(request: Request, name: str) -> Response:
        """Let the worker count; lead back to the page that shows it."""
        if name not in COUNTS:
            raise HTTPException(404, "There are no such figures")
        person, now = request.state.visitor.name, office.clock()
        with office.desk.database.connection() as connection:
            want_figures(connection, name, now)
            record(connection, Entry(now, person, "figures.wanted", name))
        return RedirectResponse(f"{PREFIX}/{'campaigns' if name == 'campaigns' else 'models'}", 303)


def _read(office: Office) -> Figures:
    with office.desk.database.statement() as connection:
        return find_figures(connection, "campaigns")


def _add_up(rows: list[dict[str, Any]]) -> dict[str, float]:
    names = ("granted", "used", "wrongly_held", "wrongly_held_credits", *PARTS)
    return {name: sum(row[name] for row in rows) for name in names}


def _draw_use(rows: list[dict[str, Any]]) -> Chart:
    """Credits used in each campaign, parted by who used them."""
    names = [row["campaign"] for row in rows]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": said,
            "y": names,
            "x": [round(row[part], 2) for row in rows],
            "marker": {"pattern": {"shape": pattern}},
        }
        for (part, said), pattern in zip(PARTS.items(), PATTERNS, strict=True)
    ]
    layout: dict[str, Any] = {"barmode": "stack", "xaxis": {"title": {"text": "credits used"}}}
    layout |= {"yaxis": {"autorange": "reversed", "type": "category"}, "height": 140 + 34 * len(rows)}
    told = [(row["campaign"], *(say_number(row[part]) for part in PARTS)) for row in rows]
    says = "Credits used, by whom"
    return Chart("use", says, {"data": bars, "layout": layout}, ("campaign", *PARTS.values()), told)


def _draw_leak(leaked: list[tuple[str, float]]) -> Chart:
    """What leaked, by technique."""
    names, amounts = zip(*leaked, strict=True)
    bars = {"type": "bar", "orientation": "h", "y": names, "x": [round(each, 2) for each in amounts]}
    layout: dict[str, Any] = {"xaxis": {"title": {"text": "credits"}}, "height": 140 + 34 * len(leaked)}
    layout |= {"yaxis": {"autorange": "reversed", "type": "category"}}
    rows = [(name, say_number(each), say_share(each / (sum(amounts) or 1.0))) for name, each in leaked]
    says = "Credits that leaked to gaming, by technique"
    return Chart("leak", says, {"data": [bars], "layout": layout}, ("technique", "credits", "share"), rows)
