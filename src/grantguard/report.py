"""The evaluation as a page of its own: what is caught, whom it stops, what is at stake."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import plotly.graph_objects as go
import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from grantguard.backtest import Backtest
from grantguard.evaluation import BUDGETS, Evaluation

INK, WARM, COOL, PALE = "#1f2933", "#c2410c", "#0f766e", "#cbd5e1"
LAYOUT = {
    "template": "plotly_white",
    "font": {"family": "system-ui, sans-serif", "color": INK, "size": 13},
    "margin": {"l": 60, "r": 20, "t": 10, "b": 50},
    "height": 340,
    "bargap": 0.35,
    "legend": {"orientation": "h", "y": 1.12, "x": 0},
}


def render_report(evaluation: Evaluation, scores: pl.DataFrame, title: str) -> str:
    """One self-contained HTML page, charts and their script included."""
    pages = Environment(loader=PackageLoader("grantguard"), autoescape=True, undefined=StrictUndefined)
    charts = {
        "rankings": _draw_rankings(evaluation),
        "techniques": _draw_shares(evaluation.techniques, "recall", WARM, "stopped at 0.5 % false holds"),
        "cohorts": _draw_shares(evaluation.cohorts, "stopped", COOL, "stopped at 0.5 % false holds"),
        "risks": _draw_risks(evaluation),
    }
    bare = {"displayModeBar": False, "responsive": True}
    drawn = {
        name: chart.to_html(full_html=False, include_plotlyjs=False, config=bare) for name, chart in charts.items()
    }
    return pages.get_template("report.html").render(
        title=title,
        charts=drawn,
        plotly=get_plotlyjs(),
        style=files("grantguard").joinpath("templates/report.css").read_text(),
        rankings=evaluation.rankings,
        budgets=BUDGETS,
        held=evaluation.held,
        credits=evaluation.credits.to_dicts(),
        accounts=len(evaluation.accounts),
        ranked=scores.head(25).to_dicts(),
    )


def render_ranking(scores: pl.DataFrame, title: str) -> str:
    """The ranked accounts alone, for data without a truth."""
    pages = Environment(loader=PackageLoader("grantguard"), autoescape=True, undefined=StrictUndefined)
    style = files("grantguard").joinpath("templates/report.css").read_text()
    return pages.get_template("ranking.html").render(title=title, style=style, ranked=scores.head(100).to_dicts())


def render_backtest(replays: Mapping[str, Backtest], title: str) -> str:
    """A page of replays by name: the frontier to choose the rules from, how soon who is stopped, and whom it hit."""
    pages = Environment(loader=PackageLoader("grantguard"), autoescape=True, undefined=StrictUndefined)
    bare = {"displayModeBar": False, "responsive": True}
    charts = {"frontier": _draw_frontier(replays), "ages": _draw_ages(replays)}
    return pages.get_template("backtest.html").render(
        title=title,
        charts={
            name: each.to_html(full_html=False, include_plotlyjs=False, config=bare) for name, each in charts.items()
        },
        plotly=get_plotlyjs(),
        style=files("grantguard").joinpath("templates/report.css").read_text(),
        outcomes={name: each.outcome.to_dicts() for name, each in replays.items()},
        frontiers={name: each.frontier.to_dicts() for name, each in replays.items()},
    )


def _draw_frontier(replays: Mapping[str, Backtest]) -> go.Figure:
    lines = [
        go.Scatter(
            name=f"released {name}",
            x=each.frontier["withheld"].to_list(),
            y=each.frontier["saved"].to_list(),
            text=[f"{budget:.2%}" for budget in each.frontier["budget"]],
            mode="lines+markers+text",
            textposition=place,
            line={"color": colour},
        )
        for (name, each), colour, place in zip(
            replays.items(), (COOL, WARM), ("bottom right", "top left"), strict=False
        )
    ]
    axes = {
        "xaxis": {"title": "genuine promotional credit withheld", "tickformat": ".1%"},
        "yaxis": {"title": "gamed credit saved", "tickformat": ".0%", "range": [0, 1.05]},
    }
    return go.Figure(lines, LAYOUT | {"height": 420} | axes)


def _draw_ages(replays: Mapping[str, Backtest]) -> go.Figure:
    ages = next(iter(replays.values())).ages
    lines = []
    for role, colour in (("genuine", COOL), ("abuse", WARM)):
        table = ages.filter(pl.col("role") == role)
        lines.append(
            go.Scatter(
                name=role,
                x=[f"{days:.0f} d" if days >= 1 else f"{days * 24:.0f} h" for days in table["age_days"]],
                y=table["stopped"].to_list(),
                mode="lines+markers",
                line={"color": colour},
            )
        )
    axes = {"xaxis": {"title": "after the first grant"}, "yaxis": {"tickformat": ".0%", "title": "ever stopped"}}
    return go.Figure(lines, LAYOUT | axes)


def _draw_rankings(evaluation: Evaluation) -> go.Figure:
    colours = (WARM, COOL, PALE)
    bars = [
        go.Bar(
            name=each.name,
            x=[*(f"recall at {budget:.1%} false holds" for budget in BUDGETS), "average precision"],
            y=[*each.recall, each.average_precision],
            marker_color=colour,
            text=[f"{value:.2f}" for value in (*each.recall, each.average_precision)],
            textposition="outside",
        )
        for each, colour in zip(evaluation.rankings, colours, strict=True)
    ]
    return go.Figure(bars, LAYOUT | {"yaxis": {"range": [0, 1.12], "tickformat": ".0%"}})


def _draw_shares(table: pl.DataFrame, column: str, colour: str, name: str) -> go.Figure:
    kinds = table["kind"].to_list()
    bars = [
        go.Bar(name=name, x=kinds, y=table[column].to_list(), marker_color=colour),
        go.Bar(name="held by the policy", x=kinds, y=table["held"].to_list(), marker_color=PALE),
    ]
    most = max([0.05, *table[column].to_list(), *table["held"].to_list()])
    axes = {"xaxis": {"type": "category"}, "yaxis": {"range": [0, min(1.0, most * 1.1)], "tickformat": ".1%"}}
    return go.Figure(bars, LAYOUT | axes)


def _draw_risks(evaluation: Evaluation) -> go.Figure:
    known = evaluation.accounts.filter(pl.col("risk").is_not_null())
    shares = [
        go.Histogram(
            name=role,
            x=known.filter(pl.col("role") == role)["risk"].to_list(),
            histnorm="probability",
            xbins={"start": 0, "end": 1, "size": 0.025},
            marker_color=colour,
            opacity=0.75,
        )
        for role, colour in (("genuine", COOL), ("abuse", WARM))
    ]
    axes = {"barmode": "overlay", "xaxis": {"title": "risk"}, "yaxis": {"tickformat": ".0%", "title": "share of role"}}
    return go.Figure(shares, LAYOUT | {"bargap": 0.02} | axes)
