"""The order of everybody who waits is kept for a while, and made anew behind a page that was sent."""

from __future__ import annotations

from typing import Any

from grantguard.console import Office
from grantguard.console.order import FRESH
from grantguard.settlement import Judgement, judge, settle

Keep = Any
Visit = Any
"""Of tests/conftest.py."""


def shows(page: Any, name: str) -> bool:  # noqa: ANN401 - an answer
    return f"/console/accounts/{name}" in page.text


def grow_old(office: Office) -> None:
    office.order.made -= FRESH


def test_news_shows_on_the_page_after_the_one_that_was_old(visit: Visit, keep: Keep, office: Office) -> None:
    keep("ada")
    settle(office.desk, office.clock())
    grace = visit("grace")
    assert shows(grace.get("/queue"), "ada")
    keep("bob")
    settle(office.desk, office.clock())
    assert not shows(grace.get("/queue"), "bob")
    grow_old(office)
    assert not shows(grace.get("/queue"), "bob")
    assert shows(grace.get("/queue"), "bob")


def test_a_verdict_shows_at_once(visit: Visit, keep: Keep, office: Office) -> None:
    keep("ada")
    settle(office.desk, office.clock())
    grace = visit("grace")
    grace.get("/queue")
    judge(office.desk, Judgement(("ada",), None, "genuine", None, ""), "alan", office.clock())
    assert not shows(grace.get("/queue"), "ada")


def test_a_claim_shows_at_once(visit: Visit, keep: Keep, office: Office) -> None:
    keep("ada")
    settle(office.desk, office.clock())
    grace = visit("grace")
    grace.get("/queue")
    visit("alan").post("/accounts/ada/claim")
    assert '<td data-label="With">alan</td>' in grace.get("/queue").text


def test_one_at_a_time_makes_it_anew(office: Office) -> None:
    office.order.read(office.clock())
    grow_old(office)
    made = office.order.made
    with office.order.making:
        office.order.renew(office.clock())
    assert office.order.made == made
