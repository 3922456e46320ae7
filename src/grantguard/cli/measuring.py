"""Measuring: how well it does, what it would have saved, and whether it still fits."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import polars as pl
import typer
from rich.table import Table as Grid

from grantguard.backtest import LOOKS, Backtest
from grantguard.backtest import backtest as replay
from grantguard.cli.terminal import (
    AtOption,
    DataOption,
    KeepGoing,
    ModelOption,
    ReportOption,
    TruthOption,
    advance,
    assess_all,
    load,
    moment_of,
    now,
    page_of_output,
    progress,
    read_tables,
    say,
    warn,
)
from grantguard.contract import TRUTH
from grantguard.drift import Drift, measure_drift
from grantguard.errors import RetrainAdvised, UsageError
from grantguard.evaluation import BUDGETS, Evaluation
from grantguard.evaluation import evaluate as hold_against
from grantguard.report import render_backtest, render_report
from grantguard.sources.files import read_one


def evaluate(
    data: DataOption,
    model: ModelOption,
    truth: TruthOption,
    out: ReportOption = None,
    at: AtOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Hold scores against a truth: what is caught, and whom it stops.

    Example: grantguard evaluate --data world --model models/default --truth world/truth.parquet --out report.html
    """
    if out is not None and out.suffix != ".html":
        raise UsageError(f"{out}: a report is an .html file")
    bundle = load(model)
    tables, newest = read_tables(data, (out or model).parent, keep_going=keep_going)
    known = read_one(truth, TRUTH, now())
    assessed = assess_all(tables, bundle, moment_of(at, newest))
    scores = assessed.scores()
    evaluation = hold_against(tables, scores, assessed.signals, assessed.near, known, bundle)
    page_of_output().print(_summarise(evaluation))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(render_report(evaluation, scores, f"Grantguard on {data.name}"))
        say(f"{out}: open it in a browser")


def backtest(
    data: DataOption,
    model: ModelOption,
    truth: TruthOption,
    looks: Annotated[int, typer.Option(min=1, max=len(LOOKS), help="How many landmarks of each grant.")] = len(LOOKS),
    out: ReportOption = None,
    at: AtOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Replay time without looking ahead: credits lost before the first stop, and who was stopped wrongly.

    Example: grantguard backtest --data data/sample --model models/default --truth data/sample/truth.parquet
    """
    if out is not None and out.suffix != ".html":
        raise UsageError(f"{out}: a report is an .html file")
    bundle = load(model)
    tables, newest = read_tables(data, (out or model).parent, keep_going=keep_going)
    known, moment = read_one(truth, TRUTH, now()), moment_of(at, newest)
    replays = {}
    for name, tranches in (("all at once", False), ("in tranches", True)):
        with progress() as bar:
            task = bar.add_task(f"replaying, credit released {name}", total=1.0)
            told = partial(advance, bar, task)
            replays[name] = replay(tables, bundle, known, moment, looks=looks, tranches=tranches, progress=told)
    page_of_output().print(_summarise_replays(replays))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(render_backtest(replays, f"Backtest on {data.name}"))
        say(f"{out}: open it in a browser")


def _summarise_replays(replays: dict[str, Backtest]) -> Grid:
    page = Grid.grid(padding=(0, 0, 1, 0))
    outcome = Grid("released", "role", "accounts", "ever stopped", "credits", "before stop", "hours to stop", box=None)
    for name, each in replays.items():
        for row in each.outcome.iter_rows(named=True):
            hours = "–" if row["hours"] is None else f"{row['hours']:,.1f}"
            outcome.add_row(
                *(name, row["role"], f"{row['accounts']:,}", f"{row['stopped']:.1%}", f"{row['credits']:,.0f}"),
                *(f"{row['before']:.1%}", hours),
            )
    page.add_row(outcome)
    ages = Grid("stopped by", "gaming", "genuine", box=None)
    for days in LOOKS:
        by_then = next(iter(replays.values())).ages.filter(pl.col("age_days") == days)
        stopped = dict(by_then.select("role", "stopped").iter_rows())
        name = f"{days:.0f} d" if days >= 1 else f"{days * 24:.0f} h"
        ages.add_row(name, *(f"{stopped.get(role, 0.0):.1%}" for role in ("abuse", "genuine")))
    page.add_row(ages)
    frontier = Grid("budget", "credit saved", "genuine credit withheld", "gaming stopped", "genuine stopped", box=None)
    for budget, *shares in next(iter(replays.values())).frontier.iter_rows():
        frontier.add_row(f"{budget:.2%}", *(f"{value:.1%}" for value in shares))
    page.add_row(frontier)
    return page


def _summarise(evaluation: Evaluation) -> Grid:
    """The evaluation on a terminal: rankings, techniques, cohorts, credits."""
    page = Grid.grid(padding=(0, 0, 1, 0))
    ranks = Grid("ranking", *(f"recall at {budget:.1%}" for budget in BUDGETS), "average precision", box=None)
    for each in evaluation.rankings:
        ranks.add_row(each.name, *(f"{value:.3f}" for value in each.recall), f"{each.average_precision:.3f}")
    page.add_row(ranks)
    for title, table, column in (
        ("technique", evaluation.techniques, "recall"),
        ("cohort", evaluation.cohorts, "stopped"),
    ):
        unseen = ["left out of the schooling"] if "unseen" in table.columns else []
        grid = Grid(title, "accounts", f"{column} at {BUDGETS[0]:.1%}", "held", *unseen, box=None)
        for row in table.iter_rows(named=True):
            shares = [row[name] for name in (column, "held", *(["unseen"] if unseen else []))]
            told = ("–" if share is None else f"{share:.1%}" for share in shares)
            grid.add_row(row["kind"], f"{row['accounts']:,}", *told)
        page.add_row(grid)
    money = Grid("credits of", "spent", "left", "left and held", box=None)
    for row in evaluation.credits.iter_rows(named=True):
        money.add_row(row["role"], *(f"{row[name]:,.0f}" for name in ("spent", "left", "left_and_held")))
    page.add_row(money)
    missed = evaluation.missed
    page.add_row(
        f"not stopped at {BUDGETS[0]:.1%}: {missed.true:,} gaming accounts; {missed.estimate.draws} drawn at random"
        f" would have said {missed.estimate.count:,.0f} ({missed.estimate.low:,.0f} to {missed.estimate.high:,.0f})"
    )
    figures = Grid("product figure", "category", "as it looks", "weighted", "in truth", box=None)
    for name, category, *shares in evaluation.figures.iter_rows():
        figures.add_row(name, category, *(f"{value:.2%}" for value in shares))
    page.add_row(figures)
    return page


def drift(data: DataOption, model: ModelOption, at: AtOption = None, keep_going: KeepGoing = False) -> None:
    """Say whether the forest still fits: signals that drifted, promises that no longer hold, columns that went dark.

    Exit status 1: train a new forest, for the reasons on standard error.

    Example: grantguard drift --data data/sample --model models/default
    """
    bundle = load(model)
    tables, newest = read_tables(data, model.parent, keep_going=keep_going, judge=False)
    with progress() as bar:
        bar.add_task("measuring drift", total=None)
        found = measure_drift(tables, bundle, moment_of(at, newest))
    page_of_output().print(_summarise_drift(found))
    for fault in found.faults:
        warn(str(fault))
    if found.reasons:
        raise RetrainAdvised(f"{model}: train a new forest: {'; '.join(found.reasons)}")


MOST_SHOWN = 12
"""Signals that are listed, the most changed first."""


def _summarise_drift(found: Drift) -> Grid:
    page = Grid.grid(padding=(0, 0, 1, 0))
    told = found.uniformity
    page.add_row(
        f"p-values of {told.accounts:,} trusted accounts: {told.excess:.3f} beyond uniform"
        f" (by chance {told.chance:.2g}); {told.at_five_percent:.1%} at or below 5 %"
    )
    grid = Grid("signal", "family", "stability index", "KS", "shown then", "now", "", box=None, pad_edge=False)
    for row in (
        found.signals.sort("silent", "psi", descending=True, nulls_last=True).head(MOST_SHOWN).iter_rows(named=True)
    ):
        index, distance = ("–" if row[name] is None else f"{row[name]:.3f}" for name in ("psi", "ks"))
        word = "silent" if row["silent"] else "drifted" if row["drifted"] else ""
        shown = (f"{row[name]:.0%}" for name in ("shown_then", "shown_now"))
        grid.add_row(row["signal"], row["family"], index, distance, *shown, word)
    page.add_row(grid)
    return page
