"""The queue page: who waits, who has whom, and who is next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grantguard.console import Office
from grantguard.settlement import settle
from grantguard.store.audit import read_audit
from grantguard.store.claims import claimed_by
from grantguard.store.risks import find_risk, keep_risks

Keep = Any
Visit = Any
"""Of tests/conftest.py."""


@pytest.fixture
def three(keep: Keep, office: Office) -> None:
    """Ada is held for a chargeback, bob and cora are not."""
    for name in ("ada", "bob", "cora"):
        keep(name, chargebacks=int(name == "ada"))
    settle(office.desk, office.clock())


def has(office: Office, *names: str) -> dict[str, str]:
    with office.desk.database.connection() as connection:
        return claimed_by(connection, list(names), office.clock())


def test_when_nobody_waits_it_says_so(visit: Visit) -> None:
    assert "Nobody waits for a review" in visit("grace").get("/queue").text


@pytest.mark.usefixtures("three")
def test_whoever_was_scored_waits(visit: Visit) -> None:
    page = visit("grace").get("/queue").text
    assert all(f"/console/accounts/{name}" in page for name in ("ada", "bob", "cora"))


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("action=hold", {"ada"}),
        ("campaign=welcome", {"ada", "bob", "cora"}),
        ("campaign=none", set()),
        ("money=1000", set()),
        ("age=1", set()),
        ("age=3&money=10&action=&family=", {"ada", "bob", "cora"}),
        ("ring=2", set()),
    ],
)
def test_a_filter_leaves_those_who_are_like_that(visit: Visit, asked: str, shown: set[str]) -> None:
    page = visit("grace").get(f"/queue?{asked}").text
    assert {name for name in ("ada", "bob", "cora") if f"/console/accounts/{name}?" in page} == shown


@pytest.mark.usefixtures("three")
def test_a_filter_that_is_no_number_is_refused(visit: Visit) -> None:
    assert visit("grace").get("/queue?ring=many").status_code == 422


@pytest.mark.usefixtures("three")
def test_next_takes_an_account_and_opens_it(visit: Visit, office: Office) -> None:
    to = visit("grace").post("/next").headers["location"]
    (taken,) = has(office, "ada", "bob", "cora")
    assert to.startswith(f"/console/accounts/{taken}?")


@pytest.mark.usefixtures("three")
def test_next_keeps_to_the_filters(visit: Visit) -> None:
    assert visit("grace").post("/next", asked="action=hold").headers["location"].startswith("/console/accounts/ada?")


@pytest.mark.usefixtures("three")
def test_two_reviewers_never_get_the_same_account(visit: Visit, office: Office) -> None:
    grace, alan = visit("grace"), visit("alan")
    places = [seat.post("/next").headers["location"] for seat in (grace, alan, grace)]
    assert len(set(places)) == 3
    assert sorted(has(office, "ada", "bob", "cora").values()) == ["alan", "grace", "grace"]


@pytest.mark.usefixtures("three")
def test_when_all_are_taken_next_leads_to_the_queue(visit: Visit) -> None:
    grace = visit("grace")
    places = [grace.post("/next").headers["location"] for _ in range(4)]
    assert places[-1].startswith("/console/queue?")


@pytest.mark.usefixtures("three")
def test_going_on_lets_the_account_before_go(visit: Visit, office: Office) -> None:
    grace = visit("grace")
    grace.post("/accounts/ada/claim")
    grace.post("/next", after="ada")
    assert "ada" not in has(office, "ada", "bob", "cora")


@pytest.mark.usefixtures("three")
def test_a_claim_is_in_the_audit_trail(visit: Visit, office: Office) -> None:
    visit("grace").post("/accounts/ada/claim")
    with office.desk.database.connection() as connection:
        (entry,) = read_audit(connection, 1)
    assert (entry.actor, entry.action, entry.subject) == ("grace", "account.claimed", "ada")


@pytest.mark.usefixtures("three")
def test_a_claim_lapses(visit: Visit, office: Office) -> None:
    visit("grace").post("/accounts/ada/claim")
    with office.desk.database.connection() as connection:
        later = office.clock() + office.lapse + timedelta(seconds=1)
        assert claimed_by(connection, ["ada"], later) == {}


@pytest.mark.usefixtures("three")
def test_who_was_drawn_is_not_marked(visit: Visit) -> None:
    page = visit("grace").get("/queue").text
    assert "drawn" not in page
    assert "audit" not in page.split("<main", 1)[1].lower()


def test_the_size_of_a_ring_is_told(visit: Visit, keep: Keep, office: Office) -> None:
    for name in ("ada", "bob"):
        keep(name, mail="the same")
    settle(office.desk, office.clock())
    assert "ring of 2" in visit("grace").get("/queue?ring=2").text


def test_a_risk_keeps_its_reasons(keep: Keep, office: Office) -> None:
    keep("ada")
    settle(office.desk, office.clock())
    with office.desk.database.connection() as connection:
        rated = find_risk(connection, "ada")
        assert rated is not None
        keep_risks(connection, [rated])
        assert find_risk(connection, "ada") == rated
    assert rated.reasons
