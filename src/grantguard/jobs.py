"""The worker: what is done without anybody asking, by a job library on the same database.

The library ticks and hands each job to one worker; what a job does is safe to do twice and for several at once, since
marks, messages and holds are taken in the store. A job that fails is done again at the next tick.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from procrastinate import App, PsycopgConnector

from grantguard.delivery import deliver_due
from grantguard.errors import GrantguardError
from grantguard.figures import count_due
from grantguard.settlement import Desk, expire, recheck, refresh_thresholds, settle
from grantguard.settlement.settling import AT_ONCE as ACCOUNTS
from grantguard.store.delivering import StoredOutbox
from grantguard.store.idempotency import prune_idempotent
from grantguard.store.retaining import retain
from grantguard.vocabulary import Ledger

QUEUE: Final = "grantguard"

EVERY: Final = {
    "settle": "* * * * * *",
    "deliver": "* * * * * *",
    "expire": "* * * * * */5",
    "recheck": "* * * * * */5",
    "refresh": "*/10 * * * *",
    "prune": "0 * * * *",
    "count": "* * * * * */10",
}
"""When each job is due; the sixth field is seconds."""

NOTICES: Final = 4
LEASE: Final = timedelta(minutes=2)
"""Notices that are taken at a time, and for how long: longer than as many time-outs. A worker that dies holds up
these alone, and no longer."""

PAUSE: Final = 1.0
"""Seconds before a worker that lost its database tries again."""

GRACE: Final = 25.0
"""Seconds for what is under way when the worker is asked to stop."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Work:
    """What a worker works with; without a ledger nothing is delivered, without days nothing is forgotten."""

    desk: Desk
    clock: Callable[[], datetime]
    ledger: Ledger | None = None
    keep_days: int | None = None

    def settle(self) -> None:
        """Score whoever is marked."""
        while settle(self.desk, self.clock()) == ACCOUNTS:
            pass

    def deliver(self) -> None:
        """Tell the ledger what is due."""
        if self.ledger is None:
            return
        outbox = StoredOutbox(self.desk.database, LEASE)
        while deliver_due(outbox, self.ledger, self.clock(), random.random, NOTICES):
            pass

    def expire(self) -> None:
        """Release the holds whose time is up."""
        while expire(self.desk.database, self.clock()):
            pass

    def recheck(self) -> None:
        """Mark whoever a decision said to look at again by now."""
        while recheck(self.desk.database, self.clock()):
            pass

    def refresh(self) -> None:
        """Learn anew where extended context begins."""
        refresh_thresholds(self.desk.database)

    def count(self) -> None:
        """Count the figures that are due, or that somebody wants."""
        count_due(self.desk, self.clock())

    def prune(self) -> None:
        """Forget answers whose time is over, and usage that nothing reads any more."""
        database = self.desk.database
        with database.connection() as connection:
            prune_idempotent(connection, self.clock())
        if self.keep_days is not None:
            with database.connection() as connection:
                retain(connection, self.keep_days, self.clock())


def open_jobs(work: Work) -> App:
    """The jobs, each periodic; of each at most one waits, however late the workers are."""
    app = App(connector=PsycopgConnector(conninfo=work.desk.database.url))
    for name, cron in EVERY.items():
        _add(app, name, cron, getattr(work, name))
    return app


def _add(app: App, name: str, cron: str, do: Callable[[], None]) -> None:
    @app.periodic(cron=cron)
    @app.task(name=name, queue=QUEUE, queueing_lock=name)
    def job(timestamp: int) -> None:  # noqa: ARG001 - the library says when it was due
        try:
            do()
        except GrantguardError as error:
            log.warning("job_failed", job=name, error=type(error).__name__)


async def run_jobs(work: Work) -> None:
    """Work until cancelled; a database that goes away is waited for."""
    # It logs what its jobs raise, whole; ours say what may be said.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    while True:
        try:
            await _run(work)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next try may do better
            log.warning("worker_starts_again", error=type(error).__name__)
            await asyncio.sleep(PAUSE)
        else:
            return


async def _run(work: Work) -> None:
    app = open_jobs(work)
    async with app.open_async():
        await app.run_worker_async(
            queues=[QUEUE],
            concurrency=len(EVERY),
            fetch_job_polling_interval=PAUSE,
            shutdown_graceful_timeout=GRACE,
            delete_jobs="always",
            install_signal_handlers=False,
        )


@asynccontextmanager
async def working(work: Work) -> AsyncIterator[None]:
    """A worker that runs beside something else, and has finished what it began when this is left."""
    task = asyncio.create_task(run_jobs(work))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
