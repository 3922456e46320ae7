"""The page of an account: what it tells, and what it keeps to itself."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from grantguard.console import Office
from grantguard.contract import ACCOUNTS, GRANTS, USAGE, Tables
from grantguard.settlement import settle
from grantguard.store.audit import read_audit
from grantguard.store.ingesting import ingest

Keep = Any
Visit = Any
"""Of tests/conftest.py."""

KEPT_BACK = ("country-XY", "AS64599", "ip-of-ada", "13:37", "mail.example")
"""What no page may show before a verdict: country, network, address, hour of the day, mail."""


def strip(page: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split())


@pytest.fixture
def ada(keep: Keep, office: Office) -> None:
    keep("ada", chargebacks=1, mail="the same")
    keep("bob", mail="the same")
    settle(office.desk, office.clock())


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "said",
    [
        "57 promotional credits are at risk",
        "trusted accounts look",
        "releases itself in 6 d 23 h",
        "accounts with which it shares what few share are unusual by themselves",
        "More unusual than",
        "welcome 8 May 2025 60 5%",
        "bob email (2 hold it)",
        "All 30 events",
        "Nobody decided",
        "chargeback",
    ],
)
def test_it_tells_what_is_known(visit: Visit, said: str) -> None:
    page = visit("grace").get("/accounts/ada")
    assert page.status_code == 200
    if said == "Nobody decided":
        assert said not in strip(page.text)  # the machine's hold stands there
    else:
        assert said in strip(page.text) or said in page.text


@pytest.mark.usefixtures("ada")
def test_every_chart_has_its_table(visit: Visit) -> None:
    page = visit("grace").get("/accounts/ada").text
    assert page.count("data-figure=") == page.count("<summary>Table:") == 3


@pytest.mark.usefixtures("ada")
def test_a_view_is_in_the_audit_trail(visit: Visit, office: Office) -> None:
    visit("grace").get("/accounts/ada")
    visit("grace").get("/accounts/ada/events")
    with office.desk.database.connection() as connection:
        entries = read_audit(connection, 2, "ada")
    assert [(each.actor, each.action) for each in entries] == [("grace", "account.viewed")] * 2


def test_an_account_without_any_event_has_a_page(visit: Visit, office: Office) -> None:
    account = {"account_id": "new", "created_at": office.clock() - timedelta(days=1), "plan": "free"}
    with office.desk.database.connection() as connection:
        ingest(connection, ACCOUNTS, Tables.of(accounts=pl.DataFrame([account])).accounts, office.clock())
    page = visit("grace").get("/accounts/new")
    assert page.status_code == 200
    assert "It never used anything" in page.text


def test_country_network_and_hour_of_the_day_are_not_shown(visit: Visit, office: Office) -> None:
    moment = (office.clock() - timedelta(days=2)).replace(hour=13, minute=37)
    account = {"account_id": "ada", "created_at": moment, "plan": "free", "signup_country": KEPT_BACK[0]}
    given = {"account_id": "ada", "grant_id": "g", "campaign": "welcome", "kind": "starter", "credits": 9.0}
    event = {"account_id": "ada", "event_id": "e", "category": "standard_chat", "input_tokens": 9, "output_tokens": 9}
    event |= {"credits": 0.1, "status": "ok", "country": KEPT_BACK[0], "network": KEPT_BACK[1], "ip_hash": KEPT_BACK[2]}
    tables = Tables.of(
        accounts=pl.DataFrame([account | {"email_domain": KEPT_BACK[4]}]),
        grants=pl.DataFrame([given | {"granted_at": moment}]),
        usage=pl.DataFrame([event | {"occurred_at": moment}]),
    )
    for table in (ACCOUNTS, GRANTS, USAGE):
        with office.desk.database.connection() as connection:
            ingest(connection, table, getattr(tables, table.name), office.clock())
    settle(office.desk, office.clock())
    for path in ("/queue", "/accounts/ada", "/accounts/ada/events"):
        page = visit("grace").get(path).text
        assert [word for word in KEPT_BACK if word in page] == []


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(("asked", "rows"), [("", 30), ("status=error", 0), ("grant_id=other", 0), ("page=2", 0)])
def test_events_are_filtered_and_paged(visit: Visit, asked: str, rows: int) -> None:
    page = visit("grace").get(f"/accounts/ada/events?{asked}").text
    assert page.count("<td>standard chat</td>") == rows


def test_events_go_on_on_the_next_page(visit: Visit, office: Office) -> None:
    since = office.clock() - timedelta(days=2)
    event = {"account_id": "ada", "category": "tool_use", "input_tokens": 9, "output_tokens": 9, "credits": 0.1}
    rows = [
        event | {"status": "ok", "event_id": f"e{i}", "occurred_at": since + timedelta(minutes=i)} for i in range(60)
    ]
    with office.desk.database.connection() as connection:
        ingest(connection, USAGE, Tables.of(usage=pl.DataFrame(rows)).usage, office.clock())
    grace = visit("grace")
    counts = [grace.get(f"/accounts/ada/events?page={page}").text.count("<td>tool use</td>") for page in (1, 2)]
    assert counts == [50, 10]
