"""What every command shares: its options, reading and loading, and what a person at a terminal sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from grantguard.assessment import Assessment, assess
from grantguard.contract import Tables
from grantguard.errors import BundleError, InputError, UsageError
from grantguard.faults import find_faults, leave_out
from grantguard.forest import Bundle, unpack
from grantguard.policy import RULES
from grantguard.sources.files import Intake, describe_counts, read, require_tolerable
from grantguard.sources.outputs import write_rejected
from grantguard.store.bundles import read_bundle
from grantguard.training import NAMES

screen = Console(stderr=True)

WIDTH_OF_A_PIPE = 140
"""Columns of a table that goes to a file or a pipe, which have no width of their own."""

DataOption = Annotated[Path, typer.Option("--data", help="The data directory: accounts, grants, usage, billing …")]
ModelOption = Annotated[Path, typer.Option("--model", help="The bundle's folder.")]
AtOption = Annotated[
    str | None, typer.Option("--at", help="Read nothing after this time; default: the newest event. RFC 3339.")
]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Go on when more than 1 % of a table is bad.")]
OutOption = Annotated[Path, typer.Option("--out", help="Where to write; .parquet, .csv or .jsonl.")]
TruthOption = Annotated[Path, typer.Option("--truth", help="account_id, role, kind, ring.")]
ReportOption = Annotated[Path | None, typer.Option("--out", help="The report to write, an .html file.")]


def say(text: str) -> None:
    """Tell a person at a terminal; nothing when piped."""
    if screen.is_terminal:
        screen.print(text, highlight=False)


def page_of_output() -> Console:
    """Standard output, as wide as a table needs when nobody's terminal says otherwise."""
    page = Console()
    return page if page.is_terminal else Console(width=WIDTH_OF_A_PIPE)


def progress() -> Progress:
    """A bar for long work; silent when piped."""
    shape = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*shape, console=screen, transient=True, disable=not screen.is_terminal)


def now() -> datetime:
    """The clock, read at the door alone."""
    return datetime.now(UTC)


def moment_of(at: str | None, newest: datetime | None) -> datetime:
    """The moment asked for, or the newest event's. Raises ``UsageError`` for what is not a time."""
    if at is None:
        if newest is None:
            raise InputError("usage: no event to read histories as of; say the moment with --at")
        return newest
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise UsageError(f"--at: '{at}' is not a time; write 2025-03-01T12:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def read_tables(data: Path, beside: Path, *, keep_going: bool, judge: bool = True) -> tuple[Tables, datetime | None]:
    """The data directory's tables and newest event; rejected rows go beside the output.

    Columns at fault (``grantguard.faults``) are read as not known, with a warning, unless ``judge`` is false.
    """
    with progress() as bar:
        bar.add_task(f"reading {data}", total=None)
        intake = read(data, now())
    tell_intake(intake, beside, keep_going=keep_going)
    faults = find_faults(intake.tables) if judge else ()
    for fault in faults:
        warn(str(fault))
    return leave_out(intake.tables, faults), intake.newest


def tell_intake(intake: Intake, beside: Path, *, keep_going: bool) -> None:
    """Say what was read; rejected rows go beside the output. Raises ``TooManyRejected``."""
    rejected_to = beside / "rejected.jsonl"
    write_rejected(intake.rejected, rejected_to)
    require_tolerable(intake, rejected_to, keep_going=keep_going)
    told = describe_counts(intake.counts)
    more = f"; rejected rows are in {rejected_to}" if intake.rejected.height else ""
    if screen.is_terminal or intake.rejected.height:
        screen.print(told + more, highlight=False, soft_wrap=True)


def load(model: Path) -> Bundle:
    """The bundle in a folder."""
    return open_bundle(model, read_bundle(model))


def open_bundle(name: Path | str, files: Mapping[str, bytes]) -> Bundle:
    """The bundle in ``files``; an error of it says whose they are: ``name``, its folder or its version on the shelf."""
    try:
        return unpack(files, NAMES)
    except BundleError as error:
        raise type(error)(f"{name}: {error}") from error


def assess_all(tables: Tables, bundle: Bundle, at: datetime) -> Assessment:
    """Every account's assessment, with a bar."""
    with progress() as bar:
        bar.add_task("scoring", total=None)
        return assess(tables, bundle, at)


def advance(bar: Progress, task: TaskID, share: float) -> None:
    """Move a bar."""
    bar.update(task, completed=share)


def draw_ranking(scores: pl.DataFrame) -> Grid:
    """The ranked table that a person reads."""
    grid = Grid(box=None, pad_edge=False)
    for title in ("rank", "account", "risk", "p", "decision", "left"):
        grid.add_column(title, no_wrap=True, justify="left" if title in ("account", "decision") else "right")
    grid.add_column("reasons")
    for rank, row in enumerate(scores.iter_rows(named=True), start=1):
        reasons = "\n".join(f"· {reason['text']}" for reason in row["reasons"][:3])
        known = row["risk"] is not None
        grid.add_row(
            str(rank),
            row["account_id"],
            f"{row['risk']:.3f}" if known else "–",
            f"{row['p_value']:.4f}" if known else "–",
            row["decision"],
            f"{row['promo_credits_left']:,.0f}",
            reasons,
        )
    return grid


def warn(text: str) -> None:
    """Tell of something that a person must know, also when piped."""
    screen.print(f"grantguard: warning: {text}", highlight=False, soft_wrap=True)


def warn_of_few(bundle: Bundle) -> None:
    """Tell where so few accounts calibrate a forest that it can hold nobody by risk."""
    few, needed = bundle.card["metrics"]["calibrated_by"], RULES.least_calibrated
    if few < needed:
        warn(
            f"{few} accounts calibrate {bundle.version}, so nobody is rarer than one in {few + 1}, and the budget of"
            f" {RULES.budget:.1%} holds nobody by risk; {needed} are needed: train on some {2 * (needed - few)} more"
            " that can be trusted"
        )
