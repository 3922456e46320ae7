"""Charts as the script draws them, each with the table behind it. Time is told since the first grant, never of day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.console.words import say_day, say_number

HOURS, DAYS = 24, 60
"""Columns, and rows at most, of the map of use."""

LEAST_SQUARE, MOST_SQUARE = 4.0, 14.0
"""Pixels of a square of one request, and of the busiest hour."""

MOST_POINTS: Final = 300
"""Points of a line at most: more cannot be seen."""

DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash")

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Chart:
    """A figure in Plotly's terms, without colours, which are the page's; and its table."""

    name: str
    says: str
    figure: dict[str, Any]
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Mark:
    """Something that happened and is marked in a chart: when, what, and what is said of it."""

    at: datetime
    kind: str
    says: str


SYMBOLS: Final = {"grant": "triangle-up", "payment": "circle", "money back": "x", "decision": "diamond"}


def draw_burn(usage: pl.DataFrame, grants: pl.DataFrame, marks: Iterable[Mark], since: datetime) -> Chart:
    """The share of each grant that was spent, over the days since the first grant."""
    lines, rows = [], []
    for number, grant in enumerate(grants.sort("granted_at", "grant_id").iter_rows(named=True)):
        spent = _spending(usage.filter(pl.col("charged_to") == grant["grant_id"]), grant, since)
        dash = DASHES[number % len(DASHES)]
        lines.append(_line(f"{grant['kind']} {grant['grant_id']}", spent, dash))
        rows.append((grant["grant_id"], grant["kind"], grant["campaign"], *_tell_spent(spent, grant)))
    figure: dict[str, Any] = {
        "data": [*lines, *_draw_marks(marks, since)],
        "layout": _axes("days since the first grant", "spent"),
    }
    figure["layout"]["yaxis"] |= {"tickformat": ".0%", "rangemode": "tozero"}
    columns = ("grant", "kind", "campaign", "given", "credits", "spent", "days to half", "days to the end")
    return Chart("burn", "Spent share of each grant, by days since the first grant", figure, columns, rows)


def draw_joint_burn(burn: pl.DataFrame, step: float) -> Chart:
    """What accounts spent together over the days since the first grant; a row of ``burn`` is ``step`` seconds."""
    told = burn.with_columns(
        days=(pl.col("bin") + 1) * step / 86_400, spent=pl.col("credits").cum_sum(), day=pl.col("bin") * step // 86_400
    )
    line = _line("spent together", told.select("days", share="spent"), "solid")
    layout = _axes("days since the first grant", "credits spent together")
    by_day = told.group_by("day").agg(
        pl.col("credits").sum(), pl.col("requests").sum(), pl.col("accounts").max(), pl.col("spent").last()
    )
    rows = [
        (int(row["day"]), say_number(row["credits"]), say_number(row["spent"]), row["requests"], row["accounts"])
        for row in by_day.sort("day").iter_rows(named=True)
    ]
    columns = ("day", "credits", "credits so far", "requests", "most accounts at once")
    return Chart("joint", "Credits that they spent together", {"data": [line], "layout": layout}, columns, rows)


def draw_use(usage: pl.DataFrame, since: datetime) -> Chart:
    """How many requests there were in each hour since the first grant; a row is a day of 24 hours from there."""
    hours = (usage["occurred_at"] - since).dt.total_hours()
    inside = hours.filter((hours >= 0) & (hours < HOURS * DAYS)).to_numpy()
    days = int(inside.max()) // HOURS + 1 if len(inside) else 1
    counts = np.bincount(inside, minlength=days * HOURS)[: days * HOURS].reshape(days, HOURS)
    day, hour = np.nonzero(counts)
    heat = {
        "type": "scatter",
        "mode": "markers",
        "x": hour.tolist(),
        "y": day.tolist(),
        "text": [f"day {d}, hour {h}: {counts[d, h]:,} requests" for d, h in zip(day, hour, strict=True)],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": "square", "size": _sizes(counts[day, hour]).tolist()},
    }
    layout = _axes("hour of that day since the grant", "day")
    layout["xaxis"] |= {"range": [-0.7, HOURS - 0.3], "dtick": 3}
    layout["yaxis"] |= {"range": [days - 0.3, -0.7], "dtick": max(1, days // 8)}
    used = ((day, row) for day, row in enumerate(counts) if row.any())
    rows = [(day, int(row.sum()), int((row > 0).sum()), int(row.max())) for day, row in used]
    columns = ("day", "requests", "hours in use", "busiest hour")
    figure = {"data": [heat], "layout": layout | {"height": min(140 + 16 * days, 480), "showlegend": False}}
    return Chart("use", "Requests by day and hour since the first grant", figure, columns, rows)


def draw_sizes(usage: pl.DataFrame, population: pl.DataFrame) -> Chart:
    """How large its inputs are, against a sample of everybody's, in shares of requests."""
    edges = [0, *(4**power for power in range(1, 11))]
    names = [_say_size(edge) for edge in edges[1:]]
    shares = {name: _share(frame["input_tokens"], edges) for name, frame in (("this", usage), ("all", population))}
    bars = [
        {"type": "bar", "name": said, "x": names, "y": shares[name], "marker": {"pattern": {"shape": shape}}}
        for name, said, shape in (("this", "this account", ""), ("all", "all accounts", "/"))
    ]
    layout = _axes("input tokens, up to", "share of requests") | {"barmode": "group"}
    layout["yaxis"] |= {"tickformat": ".0%"}
    rows = [(names[i], f"{shares['this'][i]:.1%}", f"{shares['all'][i]:.1%}") for i in range(len(names))]
    columns = ("input tokens, up to", "this account", "all accounts")
    return Chart("sizes", "Size of inputs, against all accounts", {"data": bars, "layout": layout}, columns, rows)


def _spending(paid: pl.DataFrame, grant: Mapping[str, Any], since: datetime) -> pl.DataFrame:
    """The spent share of a grant from when it was given, thinned to what can be seen."""
    shares = paid.filter(pl.col("promo_credits") > 0).select(
        days=(pl.col("occurred_at") - since).dt.total_seconds() / 86_400,
        share=pl.col("promo_credits").cum_sum() / grant["credits"],
    )
    given = (grant["granted_at"] - since).total_seconds() / 86_400
    start = pl.DataFrame({"days": [given], "share": [0.0]})
    if shares.height > MOST_POINTS:
        shares = shares[np.linspace(0, shares.height - 1, MOST_POINTS).round().astype(int).tolist()]
    return pl.concat([start, shares])


def _line(name: str, spent: pl.DataFrame, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": spent["days"].round(3).to_list(),
        "y": spent["share"].round(4).to_list(),
        "line": {"shape": "hv", "dash": dash},
    }


def _tell_spent(spent: pl.DataFrame, grant: Mapping[str, Any]) -> tuple[str, ...]:
    half, end = (_days_to(spent, share) for share in (0.5, 0.95))
    share = spent["share"].to_list()[-1]
    return (say_day(grant["granted_at"]), say_number(grant["credits"]), f"{share:.0%}", half, end)


def _days_to(spent: pl.DataFrame, share: float) -> str:
    reached = spent.filter(pl.col("share") >= share)["days"]
    return say_number(None if reached.is_empty() else round(float(reached[0]) - float(spent["days"][0]), 2))


def _draw_marks(marks: Iterable[Mark], since: datetime) -> Rows:
    """A row of symbols below the lines, one trace a kind."""
    kinds: dict[str, list[Mark]] = {}
    for mark in marks:
        kinds.setdefault(mark.kind, []).append(mark)
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": kind,
            "x": [round((mark.at - since).total_seconds() / 86_400, 3) for mark in told],
            "y": [-0.04] * len(told),
            "text": [mark.says for mark in told],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"symbol": SYMBOLS[kind], "size": 10},
        }
        for kind, told in kinds.items()
    ]


def _sizes(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The size of a square by its requests: seen without telling colours apart."""
    shares: NDArray[np.float64] = np.sqrt(counts / counts.max(initial=1))
    return np.round(LEAST_SQUARE + (MOST_SQUARE - LEAST_SQUARE) * shares, 1)


def _say_size(edge: int) -> str:
    """A power of two in the units that tokens are sold in."""
    if edge < 1024:
        return str(edge)
    return f"{edge // 1024} k" if edge < 1024**2 else f"{edge // 1024**2} M"


def _share(sizes: pl.Series, edges: list[int]) -> list[float]:
    counts = np.histogram(sizes.to_numpy(), [-0.5, *edges[1:]])[0]
    return [round(float(count), 5) for count in counts / max(1, counts.sum())]


def _axes(across: str, up: str) -> dict[str, Any]:
    return {"xaxis": {"title": {"text": across}}, "yaxis": {"title": {"text": up}}}
