"""Serving: answers over HTTP, the demonstration, the settings."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Annotated

import polars as pl
import typer
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table as Grid

from grantguard.assessment import Assessment
from grantguard.cli.composing import compose, open_store, work_of
from grantguard.cli.models import find_model
from grantguard.cli.people import let_in_once
from grantguard.cli.storing import put_in
from grantguard.cli.telemetry import trace, watched, write_logs
from grantguard.cli.terminal import (
    DataOption,
    ModelOption,
    assess_all,
    draw_ranking,
    load,
    moment_of,
    now,
    page_of_output,
    read_tables,
)
from grantguard.console import EVERYTHING, PREFIX, Office, create_console
from grantguard.contract import TRUTH, Tables
from grantguard.errors import StoreError, UsageError
from grantguard.evaluation import evaluate as hold_against
from grantguard.forest import Bundle, pack
from grantguard.jobs import working
from grantguard.report import render_ranking, render_report
from grantguard.service import Deployment, create_app
from grantguard.service.app import nothing
from grantguard.settings import Settings
from grantguard.sources.files import is_simulated, read_one
from grantguard.sources.outputs import write_table
from grantguard.store.bundles import write_bundle
from grantguard.store.migrating import pending, upgrade
from grantguard.training import train as make_bundle
from grantguard.vocabulary import Ledger

DEMO = "demo"
"""Who looks at the demonstration: every role, no password, a link that opens once."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")

HostOption = Annotated[str, typer.Option(help="The address to listen on.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")]


def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    model: Annotated[
        Path | None, typer.Option("--model", help="The bundle's folder; default: the setting, then the champion.")
    ] = None,
    with_store: Annotated[
        bool, typer.Option("--store/--no-store", help="Without a store: one route, no keys, on loopback only.")
    ] = True,
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Whether a worker runs beside the service.")
    ] = True,
) -> None:
    """Answer ledgers over HTTP; prints the address once it answers, and finishes what it began when asked to stop.

    Example: grantguard serve --port 8000
    """
    if not with_store and host not in LOOPBACK:
        raise UsageError(f"--host: {host} is not loopback; without a store there are no keys, so nobody else may ask")
    settings = Settings()
    write_logs(settings.log_format)
    if not with_store:
        run_app(create_app(load(find_model(model))), host, port)
        return
    with open_store(settings) as database:
        bundle, deployment = compose(settings, database, model)
        serve_deployment(settings, bundle, deployment, host, port, with_worker=with_worker)


def serve_deployment(
    settings: Settings,
    bundle: Bundle,
    deployment: Deployment,
    host: str,
    port: int,
    *,
    with_worker: bool = True,
    enter: str | None = None,
) -> None:
    """Serve a deployment and its console until asked to stop, by default with a worker beside it.

    ``enter`` is where a person may come in, told beside the address.
    """
    work = work_of(settings, deployment)
    app = create_app(bundle, deployment, (lambda: working(work)) if with_worker else nothing)
    office = _office_of(deployment, work.ledger)
    app.mount(PREFIX, create_console(office))
    trace(app, settings.otel_endpoint)
    Thread(target=make_order, args=(office,), daemon=True).start()
    with watched(settings, deployment):
        run_app(app, host, port, enter)


def _office_of(deployment: Deployment, ledger: Ledger | None) -> Office:
    """Where the deployment's reviewers work."""
    can = EVERYTHING if ledger is None else ledger.capabilities
    return Office(deployment.desk, deployment.shelf, deployment.clock, can)


def make_order(office: Office) -> None:
    """Make the queue while the service starts, for who comes back to an open session and would wait for it.

    A store that is not ready yet says so to whoever asks.
    """
    with suppress(StoreError):
        if not pending(office.desk.database):
            office.order.renew(office.clock())


def run_app(app: FastAPI, host: str, port: int, enter: str | None = None) -> None:
    """Run the application until asked to stop."""
    config = uvicorn.Config(
        app, host=host, port=port, log_level="critical", access_log=False, timeout_graceful_shutdown=30
    )
    _Announced(config, enter).run()


class _Announced(uvicorn.Server):
    """A server that prints its address once it answers, and where a person may come in."""

    def __init__(self, config: uvicorn.Config, enter: str | None) -> None:
        super().__init__(config)
        self.enter = enter

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start, then say where."""
        await super().startup(sockets)  # type: ignore[arg-type]  # passed on as it came
        if self.should_exit:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        Console().print(f"http://{shown}:{port}", highlight=False, soft_wrap=True)
        if self.enter is not None:
            told = f"the console, once and within an hour: http://{shown}:{port}{self.enter}"
            Console().print(told, highlight=False, soft_wrap=True)


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
    tables, newest = read_tables(data, out, keep_going=False)
    if not model.exists():
        write_bundle(pack(*make_bundle(tables, moment_of(None, newest), simulated=is_simulated(data))), model)
    bundle = load(model)
    assessed = assess_all(tables, bundle, moment_of(None, newest))
    scores = assessed.scores()
    write_table(scores, out / "scores.parquet")
    page = page_of_output()
    page.print(draw_ranking(scores.head(12)))
    held = (scores["decision"] == "hold").sum()
    page.print(f"{scores.height:,} accounts, {held} to hold: recommended only; people revoke, machines do not.")
    page.print(f"report: {_write_demo_report(tables, assessed, scores, bundle, data, out)}", highlight=False)
    if with_service:
        _serve_demo(tables, model, moment_of(None, newest), port)


def _serve_demo(tables: Tables, model: Path, newest: datetime, port: int) -> None:
    """The data in the store, served by a clock that stands at its newest event and goes on from there."""
    settings, began = Settings(), now()
    write_logs(settings.log_format)
    with open_store(settings) as database:
        upgrade(database)
        put_in(database, tables)
        bundle, deployment = compose(settings, database, model, lambda: newest + (now() - began))
        enter = f"{PREFIX}/enter/{let_in_once(database, DEMO, deployment.clock())}"
        serve_deployment(settings, bundle, deployment, "127.0.0.1", port, enter=enter)


def _write_demo_report(
    tables: Tables, assessed: Assessment, scores: pl.DataFrame, bundle: Bundle, data: Path, out: Path
) -> Path:
    """A full report where the truth is known, else the ranking alone."""
    truth, report = data / "truth.parquet", out / "report.html"
    title = f"Grantguard on {data.name}"
    if truth.exists():
        known = read_one(truth, TRUTH, now())
        report.write_text(
            render_report(hold_against(tables, scores, assessed.signals, assessed.near, known, bundle), scores, title)
        )
    else:
        report.write_text(render_ranking(scores, title))
    return report


def settings() -> None:
    """List every setting with its sentence, and its value; of a secret only whether it is set.

    Example: grantguard settings
    """
    grid = Grid("variable", "value", "meaning", box=None, pad_edge=False)
    chosen = Settings()
    for name, field in Settings.model_fields.items():
        value = getattr(chosen, name)
        shown = "set, not shown" if isinstance(value, SecretStr) else "" if value is None else str(value)
        grid.add_row(f"GRANTGUARD_{name.upper()}", shown, field.description)
    page_of_output().print(grid)
