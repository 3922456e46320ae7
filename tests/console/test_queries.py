"""A page asks the store as often however much there is: counted in the database's own clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import adbc_driver_manager.dbapi
import psycopg
import pytest

from grantguard.console import Office
from grantguard.settlement import settle

Keep = Any
Visit = Any
"""Of tests/conftest.py."""

MOST = 30
"""Queries of a page at most, whoever asks for it included."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every query that is sent from now on."""
    sent: list[str] = []

    def count(kind: type, name: str) -> None:
        send: Callable[..., Any] = getattr(kind, name)

        def counted(self: object, query: object, *more: object, **options: object) -> Any:  # noqa: ANN401 - an answer
            sent.append(str(query))
            return send(self, query, *more, **options)

        monkeypatch.setattr(kind, name, counted)

    for kind, name in (
        (psycopg.Cursor, "execute"),
        (psycopg.Cursor, "executemany"),
        (adbc_driver_manager.dbapi.Cursor, "execute"),
    ):
        count(kind, name)
    return sent


@pytest.mark.parametrize(
    "path",
    [
        *("/queue", "/queue?done=ada", "/accounts/ada", "/accounts/ada/events", "/rings/ring:ada", "/confirm"),
        *("/search?q=ada", "/appeals", "/campaigns", "/models"),
    ],
)
def test_a_page_asks_as_often_however_much_there_is(
    visit: Visit, keep: Keep, office: Office, asked: list[str], path: str
) -> None:
    counts = []
    alan = visit("alan")
    for names in (["ada", "bob"], [f"more{i}" for i in range(12)]):
        for name in names:
            keep(name, mail="the same", grants=("g", "h"), chargebacks=1)
        settle(office.desk, office.clock())
        office.order.listed = None
        asked.clear()
        assert alan.get(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= MOST
