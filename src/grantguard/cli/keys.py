"""API keys: made, listed, revoked."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table as Grid

from grantguard.cli.composing import open_store
from grantguard.cli.terminal import now, page_of_output, say
from grantguard.settings import Settings
from grantguard.store.keys import SCOPES, create_key, list_keys, revoke_key

keys = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="API keys: create (shown once), list, revoke.")

Name = Annotated[str, typer.Option("--name", help="What it is called; of a key that reviews, the person's name.")]


@keys.command()
def create(
    name: Name, scope: Annotated[list[str], typer.Option("--scope", help=f"One or more of {', '.join(SCOPES)}.")]
) -> None:
    """Make a key and print it, and nothing else: it is not shown again.

    Example: grantguard keys create --name gateway --scope ingest --scope risk
    """
    with open_store(Settings()) as database, database.connection() as connection:
        print(create_key(connection, name, scope, now()))  # noqa: T201 - what the command is for


@keys.command("list")
def list_all() -> None:
    """List every key that ever was, without what opens with it.

    Example: grantguard keys list
    """
    grid = Grid("name", "scopes", "created", "last used", "", box=None, pad_edge=False)
    with open_store(Settings()) as database, database.connection() as connection:
        for key in list_keys(connection):
            used = "never" if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M}"
            state = "in force" if key.revoked_at is None else f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
            grid.add_row(key.name, " ".join(key.scopes), f"{key.created_at:%Y-%m-%d %H:%M}", used, state)
    page_of_output().print(grid)


@keys.command()
def revoke(name: Name) -> None:
    """Revoke a key: a running service lets it in for five seconds more at most.

    Example: grantguard keys revoke --name gateway
    """
    with open_store(Settings()) as database, database.connection() as connection:
        revoke_key(connection, name, now())
    say(f"{name}: revoked")
