"""Serving: answers over HTTP, the demonstration, the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import polars as pl
import typer
import uvicorn
from rich.console import Console
from rich.table import Table as Grid

from grantguard.assessment import Assessment
from grantguard.cli.models import find_model
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
from grantguard.contract import TRUTH, Tables
from grantguard.errors import UsageError
from grantguard.evaluation import evaluate as hold_against
from grantguard.forest import Bundle, pack
from grantguard.report import render_ranking, render_report
from grantguard.service import create_app
from grantguard.settings import Settings
from grantguard.sources.files import is_simulated, read_one
from grantguard.sources.outputs import write_table
from grantguard.store.bundles import write_bundle
from grantguard.training import train as make_bundle


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; loopback while there is no store.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8000,
    model: Annotated[
        Path | None, typer.Option("--model", help="The bundle's folder; default: the setting, then the champion.")
    ] = None,
) -> None:
    """Answer ledgers over HTTP; prints the address once it answers.

    Example: grantguard serve --model models/default --port 8000
    """
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise UsageError(f"--host: {host} is not loopback; without a store there are no keys, so nobody else may ask")
    bundle = load(find_model(model))
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
        serve(port=port, model=model)


def _write_demo_report(
    tables: Tables, assessed: Assessment, scores: pl.DataFrame, bundle: Bundle, data: Path, out: Path
) -> Path:
    """A full report where the truth is known, else the ranking alone."""
    truth, report = data / "truth.parquet", out / "report.html"
    title = f"Grantguard on {data.name}"
    if truth.exists():
        known = read_one(truth, TRUTH, now())
        report.write_text(render_report(hold_against(tables, scores, assessed.signals, known, bundle), scores, title))
    else:
        report.write_text(render_ranking(scores, title))
    return report


def settings() -> None:
    """List every setting with its sentence.

    Example: grantguard settings
    """
    grid = Grid("variable", "default", "meaning", box=None, pad_edge=False)
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        grid.add_row(f"GRANTGUARD_{name.upper()}", str(default), field.description)
    page_of_output().print(grid)
