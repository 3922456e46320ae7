"""The door for data scientists: the command line.

Exit status: 0 done, 1 the work failed, 2 wrong usage. An error is one line on standard error.
"""

from __future__ import annotations

import sys

import typer

from grantguard.cli.keys import keys
from grantguard.cli.ledger import ledger
from grantguard.cli.making import extract, learn, simulate, train
from grantguard.cli.measuring import backtest, drift, evaluate
from grantguard.cli.models import models
from grantguard.cli.people import people
from grantguard.cli.pulling import pull
from grantguard.cli.scoring import explain, queue, score, weigh
from grantguard.cli.serving import demo, serve, settings
from grantguard.cli.storing import db, ingest
from grantguard.cli.working import worker
from grantguard.errors import GrantguardError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Tells a credit ledger which promotional compute grants are being gamed, and why.",
)
for command in (
    *(simulate, train, learn, extract),
    *(score, queue, weigh, explain),
    *(evaluate, backtest, drift),
    *(serve, worker, demo, ingest, pull, settings),
):
    app.command()(command)
for group, name in ((models, "models"), (keys, "keys"), (people, "people"), (db, "db"), (ledger, "ledger")):
    app.add_typer(group, name=name)


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
