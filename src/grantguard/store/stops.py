"""Whether the ledger is told at all: one that said it is gone is left alone until a person starts again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection


@dataclass(frozen=True)
class Stop:
    """Since when nothing is delivered, and why."""

    stopped_at: datetime
    reason: str


def find_stop(connection: Connection) -> Stop | None:
    """The stop in force."""
    with connection.cursor(row_factory=class_row(Stop)) as cursor:
        return cursor.execute("SELECT stopped_at, reason FROM stops WHERE started_at IS NULL").fetchone()


def stop_delivery(connection: Connection, reason: str, now: datetime) -> None:
    """Hand out nothing more; what waits stays. A stop that is in force stays as it is."""
    stopped = connection.execute(
        "INSERT INTO stops (stopped_at, reason) VALUES (%s, %s) ON CONFLICT DO NOTHING", [now, reason]
    )
    if stopped.rowcount:
        record(connection, Entry(now, "grantguard", "ledger.stopped", "ledger", {"reason": reason}))


def start_delivery(connection: Connection, now: datetime, *, by: str = "operator") -> bool:
    """Deliver again; whether it had been stopped."""
    started = connection.execute("UPDATE stops SET started_at = %s WHERE started_at IS NULL", [now]).rowcount == 1
    if started:
        record(connection, Entry(now, by, "ledger.started", "ledger"))
    return started
