"""People who may come into the console: added, listed, disabled."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table as Grid

from grantguard.cli.composing import open_store
from grantguard.cli.terminal import now, page_of_output, say
from grantguard.settings import Settings
from grantguard.store.database import Database
from grantguard.store.passwords import LEAST
from grantguard.store.people import ROLES, add_person, disable_person, list_people
from grantguard.store.sessions import invite

people = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="People of the console: add, list, disable.")

Name = Annotated[str, typer.Argument(help="The person's name, as the audit trail tells it.")]


@people.command()
def add(
    name: Name, role: Annotated[list[str], typer.Option("--role", help=f"One or more of {', '.join(ROLES)}.")]
) -> None:
    """Let a person into the console; the password is asked for, or read from standard input, never an argument.

    Example: grantguard people add "R. Marsh" --role reviewer
    """
    password = _ask_password()
    with open_store(Settings()) as database, database.connection() as connection:
        add_person(connection, name, role, password, now())
    say(f"{name}: may come in as {', '.join(role)}")


@people.command("list")
def list_all() -> None:
    """List everybody who ever might come in.

    Example: grantguard people list
    """
    grid = Grid("name", "roles", "added", "", box=None, pad_edge=False)
    with open_store(Settings()) as database, database.connection() as connection:
        for person in list_people(connection):
            out = person.disabled_at
            state = "may come in" if out is None else f"disabled {out:%Y-%m-%d %H:%M}"
            grid.add_row(person.name, " ".join(person.roles), f"{person.created_at:%Y-%m-%d %H:%M}", state)
    page_of_output().print(grid)


@people.command()
def disable(name: Name) -> None:
    """Let a person in no more; who is in is out at once.

    Example: grantguard people disable "R. Marsh"
    """
    with open_store(Settings()) as database, database.connection() as connection:
        disable_person(connection, name, now())
    say(f"{name}: may come in no more")


def let_in_once(database: Database, name: str, at: datetime) -> str:
    """What lets a person of every role in once, without a password; the person is added where there is none."""
    with database.connection() as connection:
        if name not in {each.name for each in list_people(connection)}:
            add_person(connection, name, ROLES, None, at)
        return invite(connection, name, at)


def _ask_password() -> str:
    """From a person at a terminal, twice and unseen; else the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"Password, {LEAST} characters or more", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
