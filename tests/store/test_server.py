"""The embedded server: one owner, others join."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from grantguard.store.server import run_server

OWNER = """
import sys
from pathlib import Path
from grantguard.store.server import run_server
with run_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def ask(url: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone()


def own_elsewhere(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", OWNER, str(home)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603


def test_it_answers_by_its_url_and_is_gone_afterwards(home: Path) -> None:
    with run_server(home) as url:
        assert ask(url) == (1,)
    with pytest.raises(psycopg.OperationalError):
        ask(url)


def test_what_was_written_is_there_when_it_starts_again(home: Path) -> None:
    with run_server(home) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with run_server(home) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_who_joins_leaves_it_running(home: Path) -> None:
    with run_server(home) as url:
        with run_server(home) as joined:
            assert joined == url
        assert ask(url) == (1,)


def test_a_killed_owner_leaves_it_to_the_next_who_stops_it(home: Path) -> None:
    with own_elsewhere(home) as owner:
        assert owner.stdout is not None
        left = owner.stdout.readline().strip()
        owner.kill()
    assert ask(left) == (1,)
    with run_server(home) as url:
        assert ask(url) == (1,)
    with pytest.raises(psycopg.OperationalError):
        ask(url)


def test_a_note_of_a_dead_server_is_not_believed(home: Path) -> None:
    note = home / "postgres" / "postmaster.pid"
    with run_server(home):
        noted = note.read_text().splitlines()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        note.write_text("\n".join([str(stranger.pid), *noted[1:]]))
        with run_server(home) as url:
            assert ask(url) == (1,)
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_a_torn_note_is_not_believed(home: Path) -> None:
    with run_server(home):
        pass
    (home / "postgres" / "postmaster.pid").write_text("12")
    with run_server(home) as url:
        assert ask(url) == (1,)
