"""A worker by itself: as many as one likes, on as many machines."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from grantguard.cli.composing import compose, open_store, work_of
from grantguard.cli.telemetry import watched, write_logs
from grantguard.jobs import Work, working
from grantguard.settings import Settings


def worker(
    model: Annotated[
        Path | None, typer.Option("--model", help="The bundle's folder; default: the setting, then the champion.")
    ] = None,
) -> None:
    """Score marked accounts, tell the ledger, end holds, until asked to stop; finishes what it began.

    Example: grantguard worker
    """
    settings = Settings()
    write_logs(settings.log_format)
    with open_store(settings) as database:
        _, deployment = compose(settings, database, model)
        with watched(settings, deployment):
            asyncio.run(_work(work_of(settings, deployment)))


async def _work(work: Work) -> None:
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    async with working(work):
        await asked_to_stop.wait()
