"""The ledger: what waits for it, started again after it said that it was gone, dead letters sent again."""

from __future__ import annotations

from typing import Annotated

import typer

from grantguard.cli.composing import open_store
from grantguard.cli.terminal import now, page_of_output, say
from grantguard.settings import Settings
from grantguard.store.outbox import count_undelivered, replay_dead
from grantguard.store.stops import find_stop, start_delivery

ledger = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The ledger: status, start, replay.")


@ledger.command()
def status() -> None:
    """Tell how much waits for the ledger, and whether it is left alone.

    Example: grantguard ledger status
    """
    with open_store(Settings()) as database, database.connection() as connection:
        told, stop = count_undelivered(connection), find_stop(connection)
    state = "delivering" if stop is None else f"stopped since {stop.stopped_at:%Y-%m-%d %H:%M} ({stop.reason})"
    page_of_output().print(f"{state}: {told.waiting:,} waiting, {told.dead:,} given up", highlight=False)


@ledger.command()
def start(by: Annotated[str, typer.Option("--by", help="Who starts it: a person's name.")]) -> None:
    """Deliver again to a ledger that had said it was gone.

    Example: grantguard ledger start --by "R. Marsh"
    """
    with open_store(Settings()) as database, database.connection() as connection:
        started = start_delivery(connection, now(), by=by)
    say("delivering again" if started else "it was not stopped")


@ledger.command()
def replay() -> None:
    """Send dead letters again, under the ids that they had.

    Example: grantguard ledger replay
    """
    with open_store(Settings()) as database, database.connection() as connection:
        letters = replay_dead(connection, now())
    say(f"{letters:,} message(s) are due again")
