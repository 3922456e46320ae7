"""The door for data scientists: the command line.

Exit status: 0 done, 1 the work failed, 2 wrong usage. An error is one line on standard error.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from zlib import crc32

import polars as pl
import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from grantguard.assessment import Assessment, assess
from grantguard.authenticity import weigh as weigh_accounts
from grantguard.backtest import LOOKS, Backtest
from grantguard.backtest import backtest as replay
from grantguard.contract import LABELS, TRUTH, Tables
from grantguard.discovery import flag
from grantguard.errors import GrantguardError, InputError, UsageError
from grantguard.evaluation import BUDGETS, Evaluation
from grantguard.evaluation import evaluate as hold_against
from grantguard.forest import Bundle, pack, repack, unpack
from grantguard.histories import Past, ask
from grantguard.report import render_backtest, render_ranking, render_report
from grantguard.review import AUDIT_SHARE, build_queue, find_audit_share
from grantguard.service import create_app
from grantguard.settings import Settings
from grantguard.signals import extract as extract_signals
from grantguard.sources.files import describe_counts, read, read_one, require_tolerable
from grantguard.sources.outputs import require_suffix, write_rejected, write_table, write_tables
from grantguard.store.bundles import read_bundle, write_bundle
from grantguard.training import NAMES, TEACHING, Recipe
from grantguard.training import learn as teach_by_verdicts
from grantguard.training import train as make_bundle
from grantguard.worlds import simulate as make_world

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Tells a credit ledger which promotional compute grants are being gamed, and why.",
)
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


def main() -> None:
    """Run the command line; every foreseen error is one line and an exit status."""
    try:
        app(standalone_mode=True)
    except UsageError as error:
        _fail(error, 2)
    except (GrantguardError, OSError) as error:
        _fail(error, 1)


def _fail(error: Exception, status: int) -> None:
    print(f"grantguard: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201 - what a command line is for
    sys.exit(status)


def _say(text: str) -> None:
    """Tell a person at a terminal; nothing when piped."""
    if screen.is_terminal:
        screen.print(text, highlight=False)


def _page() -> Console:
    """Standard output, as wide as a table needs when nobody's terminal says otherwise."""
    page = Console()
    return page if page.is_terminal else Console(width=WIDTH_OF_A_PIPE)


def _progress() -> Progress:
    shape = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*shape, console=screen, transient=True, disable=not screen.is_terminal)


def _now() -> datetime:
    return datetime.now(UTC)


def _moment(at: str | None, newest: datetime | None) -> datetime:
    if at is None:
        if newest is None:
            raise InputError("usage: no event to read histories as of; say the moment with --at")
        return newest
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise UsageError(f"--at: '{at}' is not a time; write 2025-03-01T12:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _read(data: Path, beside: Path, *, keep_going: bool) -> tuple[Tables, datetime | None]:
    rejected_to = beside / "rejected.jsonl"
    with _progress() as progress:
        progress.add_task(f"reading {data}", total=None)
        intake = read(data, _now())
    write_rejected(intake.rejected, rejected_to)
    require_tolerable(intake, rejected_to, keep_going=keep_going)
    told = describe_counts(intake.counts)
    more = f"; rejected rows are in {rejected_to}" if intake.rejected.height else ""
    if screen.is_terminal or intake.rejected.height:
        screen.print(told + more, highlight=False, soft_wrap=True)
    return intake.tables, intake.newest


def _load(model: Path) -> Bundle:
    return unpack(read_bundle(model), NAMES)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", help="The data directory to write.")],
    accounts: Annotated[int, typer.Option(min=100, help="How many accounts.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 0,
    prevalence: Annotated[float, typer.Option(min=0.0, max=0.5, help="The share of gaming accounts.")] = 0.03,
    stealth: Annotated[float, typer.Option(min=0.0, max=1.0, help="0: blatant, 1: nearly indistinguishable.")] = 0.5,
) -> None:
    """Make a population with its truth apart.

    Example: grantguard simulate --out world --accounts 2000 --seed 3
    """
    with _progress() as progress:
        task = progress.add_task("simulating", total=1.0)
        world = make_world(
            accounts,
            seed=seed,
            prevalence=prevalence,
            stealth=stealth,
            progress=lambda share: progress.update(task, completed=share),
        )
    write_tables(world.tables, out)
    write_table(world.truth, out / "truth.parquet")
    _say(f"{accounts:,} accounts, {world.tables.usage.height:,} events in {out}")


@app.command()
def train(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="The folder of the new bundle.")],
    at: AtOption = None,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same bundle.")] = 0,
    unschooled: Annotated[bool, typer.Option("--unschooled", help="Without simulated techniques' teaching.")] = False,
    keep_going: KeepGoing = False,
) -> None:
    """Make a forest from histories; labels in the data teach it, and none is needed.

    Example: grantguard train --data data/sample --out models/mine
    """
    tables, newest = _read(data, out.parent, keep_going=keep_going)
    with _progress() as progress:
        progress.add_task("growing the forest", total=None)
        recipe = Recipe(seed=seed, schooled=not unschooled)
        bundle, estimator = make_bundle(tables, _moment(at, newest), recipe)
    write_bundle(pack(bundle, estimator), out)
    _say(f"{out}: model {bundle.version}, calibrated on {bundle.card['metrics']['calibrated_by']:,} accounts")


@app.command()
def learn(
    data: DataOption,
    labels: Annotated[Path, typer.Option("--labels", help="Verdicts: account_id or ring_id, label, labelled_at.")],
    model: ModelOption,
    out: Annotated[Path, typer.Option("--out", help="The folder of the taught bundle.")],
    keep_going: KeepGoing = False,
) -> None:
    """Teach a forest with reviewers' verdicts: leaf values move, nothing else.

    Example: grantguard learn --data DIR --labels verdicts.csv --model models/default --out models/taught
    """
    if out.resolve() == model.resolve():
        raise UsageError(f"--out: {out} is the model that is to be taught; versions never change, name another folder")
    files = read_bundle(model)
    bundle = unpack(files, NAMES)
    tables, _ = _read(data, out.parent, keep_going=keep_going)
    verdicts = read_one(labels, LABELS, _now())
    with _progress() as progress:
        progress.add_task("learning from verdicts", total=None)
        taught = teach_by_verdicts(tables, verdicts, bundle)
    write_bundle(repack(taught, files), out)
    said = len(taught.card["verdicts"])
    _say(f"{out}: model {taught.version}, taught by verdicts on {said:,} accounts")


@app.command()
def extract(data: DataOption, out: OutOption, at: AtOption = None, keep_going: KeepGoing = False) -> None:
    """Write the signals themselves, a row an account.

    Example: grantguard extract --data data/sample --out signals.parquet
    """
    require_suffix(out)
    tables, newest = _read(data, out.parent, keep_going=keep_going)
    with _progress() as progress:
        progress.add_task("extracting signals", total=None)
        past = Past.of(tables)
        signals = extract_signals(past.up_to(ask(past.account_ids, _moment(at, newest))))
    write_table(signals, out)
    _say(f"{out}: {signals.height:,} accounts, {signals.width - 2} signals")


@app.command()
def score(
    data: DataOption,
    model: ModelOption,
    out: OutOption,
    at: AtOption = None,
    fdr: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Also flag accounts, so that this share of the flagged at most is genuine."
        ),
    ] = None,
    keep_going: KeepGoing = False,
) -> None:
    """Score every account, with reasons and a decision, most suspicious first.

    Example: grantguard score --data data/sample --model models/default --out scores.parquet
    """
    require_suffix(out)
    bundle = _load(model)
    tables, newest = _read(data, out.parent, keep_going=keep_going)
    assessed = _assess(tables, bundle, _moment(at, newest))
    scores = assessed.scores()
    if fdr is not None:
        scores = scores.with_columns(flag(scores, fdr, bundle.calibration.accounts).alias("flagged"))
    write_table(scores, out)
    if screen.is_terminal:
        screen.print(_draw(scores.head(10)))
    _say(f"{out}: {scores.height:,} accounts, {(scores['decision'] == 'hold').sum():,} to hold (recommended only)")


def _assess(tables: Tables, bundle: Bundle, at: datetime) -> Assessment:
    with _progress() as progress:
        progress.add_task("scoring", total=None)
        return assess(tables, bundle, at)


@app.command()
def queue(
    data: DataOption,
    model: ModelOption,
    out: OutOption,
    at: AtOption = None,
    top: Annotated[int, typer.Option(min=1, help="How many accounts.")] = 100,
    labels: Annotated[Path | None, typer.Option("--labels", help="Verdicts so far: who has one is left out.")] = None,
    keep_going: KeepGoing = False,
) -> None:
    """Say whom to review next: by risk and money at risk, one of a ring at a time, and some drawn at random.

    Example: grantguard queue --data data/sample --model models/default --out queue.csv --top 50
    """
    require_suffix(out)
    bundle = _load(model)
    tables, newest = _read(data, out.parent, keep_going=keep_going)
    moment = _moment(at, newest)
    known = pl.concat([tables.labels, *([] if labels is None else [read_one(labels, LABELS, _now())])])
    told = known.filter(pl.col("labelled_at") <= moment)
    assessed = _assess(tables, bundle, moment)
    # The same question gets the same answer, another day another draw.
    seed = crc32(f"{moment.isoformat()} {bundle.version} {told.height}".encode())
    listed = build_queue(assessed.scores(), told, top=top, seed=seed, audit_share=_find_share(assessed, told, bundle))
    write_table(listed, out)
    audits = (listed["why"] == "audit").sum()
    _say(f"{out}: {listed.height:,} accounts to review, {audits:,} of them drawn at random")


def _find_share(assessed: Assessment, labels: pl.DataFrame, bundle: Bundle) -> float:
    """How much to explore, by how well the untaught forest orders the accounts that have a verdict."""
    told = labels.filter(pl.col("label").is_in(TEACHING)).unique("account_id", keep="last", maintain_order=True)
    seen = assessed.signals.join(told.select("account_id", "label"), on="account_id")
    if seen.is_empty():
        return AUDIT_SHARE
    own = bundle.forest.with_leaf_values(bundle.forest.own)
    table = seen.select(NAMES).to_numpy().astype(float)
    return find_audit_share(own.score(bundle.scale.surprise(table)), (seen["label"] == "abuse").to_numpy())


@app.command()
def weigh(
    data: DataOption, model: ModelOption, out: OutOption, at: AtOption = None, keep_going: KeepGoing = False
) -> None:
    """Give every account and session a weight: one minus the chance that it is gamed.

    Example: grantguard weigh --data data/sample --model models/default --out weights.parquet
    """
    require_suffix(out)
    bundle = _load(model)
    tables, newest = _read(data, out.parent, keep_going=keep_going)
    moment = _moment(at, newest)
    weights = weigh_accounts(
        _assess(tables, bundle, moment).scores(), tables.usage.filter(pl.col("occurred_at") <= moment)
    )
    write_table(weights, out)
    accounts = weights.filter(pl.col("session_id").is_null())
    _say(f"{out}: {accounts.height:,} accounts that weigh {accounts['weight'].sum():,.1f}, and their sessions")


@app.command()
def backtest(
    data: DataOption,
    model: ModelOption,
    truth: Annotated[Path, typer.Option("--truth", help="account_id, role, kind, ring.")],
    looks: Annotated[int, typer.Option(min=1, max=len(LOOKS), help="How many landmarks of each grant.")] = len(LOOKS),
    out: Annotated[Path | None, typer.Option("--out", help="The report to write, an .html file.")] = None,
    at: AtOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Replay time without looking ahead: credits lost before the first stop, and who was stopped wrongly.

    Example: grantguard backtest --data data/sample --model models/default --truth data/sample/truth.parquet
    """
    if out is not None and out.suffix != ".html":
        raise UsageError(f"{out}: a report is an .html file")
    bundle = _load(model)
    tables, newest = _read(data, (out or model).parent, keep_going=keep_going)
    known, moment = read_one(truth, TRUTH, _now()), _moment(at, newest)
    replays = {}
    for name, tranches in (("all at once", False), ("in tranches", True)):
        with _progress() as progress:
            task = progress.add_task(f"replaying, credit released {name}", total=1.0)
            told = partial(_advance, progress, task)
            replays[name] = replay(tables, bundle, known, moment, looks=looks, tranches=tranches, progress=told)
    _page().print(_summarise_replays(replays))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(render_backtest(replays, f"Backtest on {data.name}"))
        _say(f"{out}: open it in a browser")


def _advance(progress: Progress, task: TaskID, share: float) -> None:
    progress.update(task, completed=share)


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


@app.command()
def evaluate(
    data: DataOption,
    model: ModelOption,
    truth: Annotated[Path, typer.Option("--truth", help="account_id, role, kind, ring.")],
    out: Annotated[Path | None, typer.Option("--out", help="The report to write, an .html file.")] = None,
    at: AtOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Hold scores against a truth: what is caught, and whom it stops.

    Example: grantguard evaluate --data world --model models/default --truth world/truth.parquet --out report.html
    """
    if out is not None and out.suffix != ".html":
        raise UsageError(f"{out}: a report is an .html file")
    bundle = _load(model)
    tables, newest = _read(data, (out or model).parent, keep_going=keep_going)
    known = read_one(truth, TRUTH, _now())
    assessed = _assess(tables, bundle, _moment(at, newest))
    scores = assessed.scores()
    evaluation = hold_against(tables, scores, assessed.signals, known, bundle)
    _page().print(_summarise(evaluation))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(render_report(evaluation, scores, f"Grantguard on {data.name}"))
        _say(f"{out}: open it in a browser")


@app.command()
def explain(
    data: DataOption,
    model: ModelOption,
    account: Annotated[str, typer.Option("--account", help="The account.")],
    at: AtOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Say why an account has the risk that it has.

    Example: grantguard explain --data data/sample --model models/default --account ID
    """
    bundle = _load(model)
    tables, newest = _read(data, model.parent, keep_going=keep_going)
    decision = assess(tables, bundle, _moment(at, newest), accounts=[account]).decision()
    page = _page()
    risk = "not scored: too little history" if decision.risk is None else f"risk {decision.risk:.3f}"
    rarity = "" if decision.p_value is None else f", p {decision.p_value:.4f}"
    page.print(f"{account}: {decision.action} ({risk}{rarity})", highlight=False)
    grid = Grid("signal", "family", "what it says", "typical", "adds", box=None, pad_edge=False)
    for reason in decision.reasons:
        typical = "–" if reason.typical is None else f"{reason.typical:,.3g} {reason.unit}"
        grid.add_row(reason.signal, reason.family, reason.text, typical, f"{reason.contribution:+.2f}")
    page.print(grid)
    missing = decision.support.missing_families
    page.print(f"{decision.support.events:,} events on {decision.support.days} days", highlight=False)
    if missing:
        page.print(f"nothing known of: {', '.join(missing)}", highlight=False)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; loopback while there is no store.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8000,
    model: Annotated[Path | None, typer.Option("--model", help="The bundle's folder; default: the setting.")] = None,
) -> None:
    """Answer ledgers over HTTP; prints the address once it answers.

    Example: grantguard serve --model models/default --port 8000
    """
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise UsageError(f"--host: {host} is not loopback; without a store there are no keys, so nobody else may ask")
    bundle = _load(model or Settings().model)
    _Announced(uvicorn.Config(create_app(bundle), host=host, port=port, log_level="warning")).run()


class _Announced(uvicorn.Server):
    """A server that prints its address once it answers."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start, then say where."""
        await super().startup(sockets)  # type: ignore[arg-type]  # passed on as it came
        if self.should_exit:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        Console().print(f"http://{shown}:{port}", highlight=False, soft_wrap=True)


@app.command()
def demo(
    data: DataOption = Path("data/sample"),
    model: ModelOption = Path("models/default"),
    out: Annotated[Path, typer.Option("--out", help="The folder of what it writes.")] = Path("out"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8000,
    with_service: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve when the report is written.")] = True,
) -> None:
    """Rank a data directory's accounts, write the report, then serve.

    Example: grantguard demo --no-serve
    """
    tables, newest = _read(data, out, keep_going=False)
    if not model.exists():
        write_bundle(pack(*make_bundle(tables, _moment(None, newest))), model)
    bundle = _load(model)
    assessed = _assess(tables, bundle, _moment(None, newest))
    scores = assessed.scores()
    write_table(scores, out / "scores.parquet")
    page = _page()
    page.print(_draw(scores.head(12)))
    held = (scores["decision"] == "hold").sum()
    page.print(f"{scores.height:,} accounts, {held} to hold: recommended only; people revoke, machines do not.")
    page.print(f"report: {_write_demo_report(tables, assessed, scores, bundle, data, out)}", highlight=False)
    if with_service:
        serve(port=port, model=model)


def _write_demo_report(
    tables: Tables, assessed: Assessment, scores: pl.DataFrame, bundle: Bundle, data: Path, out: Path
) -> Path:
    """A full report where the truth is known, else the ranking alone."""
    truth, report = data / "truth.parquet", out / "report.html"
    title = f"Grantguard on {data.name}"
    if truth.exists():
        known = read_one(truth, TRUTH, _now())
        report.write_text(render_report(hold_against(tables, scores, assessed.signals, known, bundle), scores, title))
    else:
        report.write_text(render_ranking(scores, title))
    return report


@app.command()
def settings() -> None:
    """List every setting with its sentence.

    Example: grantguard settings
    """
    grid = Grid("variable", "default", "meaning", box=None, pad_edge=False)
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        grid.add_row(f"GRANTGUARD_{name.upper()}", str(default), field.description)
    _page().print(grid)


def _draw(scores: pl.DataFrame) -> Grid:
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
