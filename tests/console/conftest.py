"""A console over a real store, and somebody who visits it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from grantguard.console import PREFIX, Office, create_console
from grantguard.console.guarding import SESSION, sign
from grantguard.forest import Bundle
from grantguard.policy import Rules
from grantguard.settlement import Charge, Desk
from grantguard.store.database import Database
from grantguard.store.people import add_person
from grantguard.store.sessions import open_session
from grantguard.store.shelf import Shelf

Keep = Callable[..., None]
"""Of tests/conftest.py."""

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"  # noqa: S105 - of the tests


@pytest.fixture
def office(database: Database, bundle: Bundle, tmp_path: Path) -> Office:
    """Its clock goes on by a second whenever it is read."""
    shelf, ticks = Shelf(tmp_path), count()
    desk = Desk(database, Charge(bundle, shelf), Rules(second_person_above=100.0))
    return Office(desk, shelf, lambda: NOON + timedelta(seconds=next(ticks)))


class Visit:
    """A browser without a screen: its cookies, and the forms of pages sent as they stand there."""

    def __init__(self, office: Office) -> None:
        app = FastAPI()
        app.mount(PREFIX, create_console(office))
        self.office = office
        self.client = TestClient(app, follow_redirects=False)

    def enter(self, name: str) -> Visit:
        """Come in under a session that is opened in the store: a password takes its time."""
        with self.office.desk.database.connection() as connection:
            self.client.cookies.set(SESSION, open_session(connection, name, self.office.clock()), path=PREFIX)
        return self

    @property
    def token(self) -> str:
        return self.client.cookies[SESSION]

    def get(self, path: str) -> Any:  # noqa: ANN401 - an answer
        return self.client.get(f"{PREFIX}{path}")

    def post(self, path: str, **fields: str) -> Any:  # noqa: ANN401 - the same
        """Send a form that was made for this session."""
        return self.client.post(f"{PREFIX}{path}", data={"csrf": sign(self.token)} | fields)


@pytest.fixture
def visit(office: Office) -> Callable[[str], Visit]:
    """Visitors by name; grace reviews, alan approves too, root is an admin alone."""
    roles = {"grace": ["reviewer"], "alan": ["reviewer", "approver"], "root": ["admin"]}
    with office.desk.database.connection() as connection:
        for name, given in roles.items():
            add_person(connection, name, given, None, office.clock())
    return lambda name: Visit(office).enter(name)


@pytest.fixture
def quoted() -> Callable[[str], str]:
    """An id as an address tells it."""
    return lambda name: quote(name, safe="")
