"""Search leads to the account; the audit log tells who did what, to admins alone."""

from __future__ import annotations

from typing import Any

import pytest

from grantguard.console import Office
from grantguard.store.audit import Entry, record

Keep = Any
Visits = Any
"""Of tests/conftest.py."""


def write(office: Office, *actions: str, actor: str = "grace", subject: str = "ada") -> None:
    with office.desk.database.connection() as connection:
        for action in actions:
            record(connection, Entry(office.clock(), actor, action, subject, {"note": "<b>bold</b>"}))


def test_a_grant_leads_to_its_account(visit: Visits, keep: Keep) -> None:
    keep("ada")
    page = visit("grace").get("/search?q=ada-g").text
    assert "/console/accounts/ada" in page
    assert '<td data-label="Found as">grant</td>' in page


def test_what_is_not_there_is_said_and_escaped(visit: Visits) -> None:
    page = visit("grace").get("/search?q=%3Cscript%3Ex").text
    assert "Nothing is called" in page
    assert "<script>x" not in page


@pytest.mark.parametrize("said", ["", "%00", "a" * 600])
def test_a_search_for_nothing_or_too_much_is_no_failure(visit: Visits, said: str) -> None:
    assert visit("grace").get(f"/search?q={said}").status_code in {200, 404, 422}


def test_the_log_is_filtered_and_escaped(office: Office, visit: Visits) -> None:
    write(office, "verdict.abuse", "account.viewed")
    page = visit("root").get("/audit?action=verdict").text
    assert "verdict.abuse" in page
    assert "account.viewed" not in page
    assert "<b>bold" not in page


def test_the_log_is_paged(office: Office, visit: Visits) -> None:
    write(office, *(f"deed.{i:03}" for i in range(150)))
    root = visit("root")
    first = root.get("/audit?actor=grace").text
    assert "deed.149" in first
    assert "deed.099" not in first
    (older,) = [part.split('"')[0] for part in first.split('rel="next" href="/console')[1:]]
    second = root.get(older.replace("&amp;", "&")).text
    assert "deed.099" in second
    assert "deed.100" not in second


@pytest.mark.parametrize("path", ["/audit"])
@pytest.mark.parametrize("person", ["grace", "alan"])
def test_only_an_admin_reads_the_log(visit: Visits, path: str, person: str) -> None:
    assert visit(person).get(path).status_code == 403


@pytest.mark.parametrize("path", ["/confirm", "/appeals", "/search", "/rings/x", "/campaigns", "/models", "/audit"])
@pytest.mark.usefixtures("office")
def test_without_a_session_every_page_leads_to_the_log_in(visit: Visits, path: str) -> None:
    stranger = visit("grace")
    stranger.client.cookies.clear()
    answer = stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/login")


def test_a_log_of_nothing_says_so(visit: Visits) -> None:
    assert "No line is like this" in visit("root").get("/audit?actor=nobody-at-all").text
