"""The database: brought up to date, looked at, pruned; and a data directory put into it."""

from __future__ import annotations

from typing import Annotated

import typer

from grantguard.cli.composing import open_store
from grantguard.cli.terminal import DataOption, KeepGoing, now, page_of_output, progress, read_tables, say
from grantguard.contract import INPUTS, Tables
from grantguard.settings import Settings
from grantguard.store.counting import count_all
from grantguard.store.database import Database
from grantguard.store.ingesting import ingest as keep
from grantguard.store.migrating import pending
from grantguard.store.migrating import upgrade as migrate
from grantguard.store.retaining import retain as forget

db = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The database: upgrade, status, retain.")

AT_ONCE = 50_000
"""Rows of one transaction."""


@db.command()
def upgrade() -> None:
    """Bring the database up to date; doing it twice, or from two machines at once, does no harm.

    Example: grantguard db upgrade
    """
    with open_store(Settings()) as database:
        done = migrate(database)
    say("nothing to do" if not done else f"applied {', '.join(done)}")


@db.command()
def status() -> None:
    """Tell what waits: migrations, accounts to be scored, messages for the ledger.

    Example: grantguard db status
    """
    page = page_of_output()
    with open_store(Settings()) as database:
        waiting = pending(database)
        page.print(f"migrations waiting: {', '.join(waiting) or 'none'}", highlight=False)
        if waiting:
            return
        with database.connection() as connection:
            counts = count_all(connection)
    page.print(f"accounts to be scored: {counts.marked.accounts:,}", highlight=False)
    told = counts.undelivered
    stopped = "; delivery is stopped: 'grantguard ledger start'" if counts.stopped else ""
    page.print(f"messages waiting: {told.waiting:,}, given up: {told.dead:,}{stopped}", highlight=False)
    standing = ", ".join(f"{action} {grants:,}" for action, grants in counts.standing.items())
    page.print(f"grants: {standing}", highlight=False)


@db.command()
def retain(
    days: Annotated[int, typer.Option(min=1, help="Keep usage of so many days, and whatever is still read.")],
) -> None:
    """Forget usage older than so many days, unless a promotional era still reads it.

    Example: grantguard db retain --days 400
    """
    with open_store(Settings()) as database, database.connection() as connection:
        forgotten = forget(connection, days, now())
    say(f"dropped {len(forgotten.months)} month(s) whole and {forgotten.rows:,} rows beside them")


def ingest(data: DataOption, keep_going: KeepGoing = False) -> None:
    """Put a data directory into the store; what is there already is not there twice.

    Example: grantguard ingest --data data/sample
    """
    settings = Settings()
    tables, _ = read_tables(data, settings.home, keep_going=keep_going, judge=False)
    with open_store(settings) as database:
        accepted, duplicate = put_in(database, tables)
    say(f"{accepted:,} rows kept, {duplicate:,} were there already; a worker scores their accounts")


def put_in(database: Database, tables: Tables) -> tuple[int, int]:
    """Keep every row of the tables; how many were new, and how many were there."""
    accepted = duplicate = 0
    with progress() as bar:
        task = bar.add_task("keeping", total=sum(getattr(tables, table.name).height for table in INPUTS))
        for table in INPUTS:
            for rows in getattr(tables, table.name).iter_slices(AT_ONCE):
                with database.connection() as connection:
                    received = keep(connection, table, rows, now())
                accepted, duplicate = accepted + received.accepted, duplicate + received.duplicate
                bar.advance(task, rows.height)
    return accepted, duplicate
