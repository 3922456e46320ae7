"""Models: champion and challenger side by side, drift, the frontier, and how good holds and reviewers are."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from grantguard.console.charts import DASHES, Chart
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.words import say_share
from grantguard.store.figures import find_figures

SYMBOLS: Final = ("circle", "diamond")


def add_models(router: APIRouter, office: Office) -> None:
    """Add the page."""

    @router.get("/models")
    def models(request: Request) -> Response:
        with office.desk.database.statement() as connection:
            measured, reviews = find_figures(connection, "models"), find_figures(connection, "reviews")
        told, said = measured.told, reviews.told
        charts = {
            "frontier": _draw_frontier(told["frontier"]["by_version"]) if told else None,
            "precision": _draw_precision(said["weeks"]) if said and said["total"]["of"] else None,
        }
        about: dict[str, Any] = {"measured": measured, "reviews": reviews, "charts": charts}
        return render(request, "models.html", now=office.clock(), models=_describe(office), **about)


def _describe(office: Office) -> list[dict[str, Any]]:
    """The models on the shelf and the one in charge, champion first, then the newest."""
    charge, shelf = office.desk.charge.now(), office.shelf
    cards = {version: json.loads(shelf.read(version)["card.json"]) for version in shelf.versions()}
    cards |= {charge.bundle.version: charge.bundle.card}
    others = sorted((version for version in cards if version != charge.bundle.version), reverse=True)
    promoted = {each.version: each for each in shelf.promotions()}
    return [
        {
            "version": version,
            "place": _place(number, enforce=charge.enforce),
            "card": cards[version],
            "promotion": promoted.get(version),
        }
        for number, version in enumerate([charge.bundle.version, *others])
    ]


def _place(number: int, *, enforce: bool) -> str:
    if number == 0:
        return "champion, its decisions bind" if enforce else "champion, it recommends"
    return "challenger" if number == 1 else "on the shelf"


def _draw_frontier(by_version: dict[str, list[dict[str, float]]]) -> Chart | None:
    """For each budget, the share of gamed credit saved against the share of genuine credit withheld."""
    if not by_version:
        return None
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": version,
            "x": [round(row["withheld"], 5) for row in rows],
            "y": [round(row["saved"], 4) for row in rows],
            "text": [f"budget {row['budget']:.2%}" for row in rows],
            "line": {"dash": DASHES[number % len(DASHES)]},
            "marker": {"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 9},
        }
        for number, (version, rows) in enumerate(by_version.items())
    ]
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "genuine credit withheld"}, "tickformat": "~%", "rangemode": "tozero"}
    }
    layout |= {"yaxis": {"title": {"text": "gamed credit saved"}, "tickformat": "~%", "rangemode": "tozero"}}
    told = [
        (version, f"{row['budget']:.2%}", *(f"{row[name]:.1%}" for name in ("saved", "withheld", "stopped_genuine")))
        for version, rows in by_version.items()
        for row in rows
    ]
    columns = ("model", "budget", "gamed credit saved", "genuine credit withheld", "genuine accounts stopped")
    return Chart("frontier", "Credit saved against credit withheld", {"data": lines, "layout": layout}, columns, told)


def _draw_precision(weeks: list[dict[str, Any]]) -> Chart:
    """The share of each week's holds that was right, with Wilson's interval."""
    told = [week for week in weeks if week["right"]["of"]]
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "right, with 95 % interval",
        "x": [week["monday"] for week in told],
        "y": [week["right"]["share"] for week in told],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [week["right"]["high"] - week["right"]["share"] for week in told],
            "arrayminus": [week["right"]["share"] - week["right"]["low"] for week in told],
        },
        "marker": {"size": 10},
    }
    layout = {"yaxis": {"tickformat": ".0%", "range": [0, 1.02]}, "xaxis": {"title": {"text": "week from"}}}
    rows = [(week["monday"], week["holds"], week["right"]["of"], *_tell_share(week["right"])) for week in weeks]
    columns = ("week from", "holds", "with a verdict", "right", "from", "to")
    says = "Holds that were right, week by week"
    return Chart("precision", says, {"data": [points], "layout": layout}, columns, rows)


def _tell_share(share: dict[str, Any]) -> tuple[str, str, str]:
    return say_share(share["share"]), say_share(share["low"]), say_share(share["high"])
