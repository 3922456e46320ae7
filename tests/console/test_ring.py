"""A ring's page shows who stands in it and what they share; one verdict is named before it is given."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from grantguard.console import Office
from grantguard.settlement import settle
from grantguard.store.audit import Sought, page_audit
from grantguard.store.claims import claim
from grantguard.store.risks import find_risk, keep_risks
from grantguard.store.verdicts import verdicts_of

Keep = Any
Visits = Any
"""Of tests/conftest.py."""

RING = "ring:ada"
AT = "/rings/ring%3Aada"


@pytest.fixture
def ring(office: Office, keep: Keep) -> Office:
    """Ada, Bob and Carl share a mail address, and so a ring, the riskiest first; Carl has much."""
    for name, given in (("ada", 60.0), ("bob", 60.0), ("carl", 500.0)):
        keep(name, mail="m-hash", given_credits=given)
    settle(office.desk, office.clock())
    with office.desk.database.connection() as connection:
        rated = [(find_risk(connection, name), risk) for name, risk in (("ada", 0.3), ("bob", 0.2), ("carl", 0.1))]
        keep_risks(connection, [replace(each, ring_id=RING, risk=risk) for each, risk in rated if each])
    return office


def verdicts(office: Office, name: str) -> list[tuple[str, str, str | None]]:
    with office.desk.database.statement() as connection:
        return [(each.verdict, each.reviewer, each.ring_id) for each in verdicts_of(connection, name)]


def give(visitor: Any, *names: str, **about: Any) -> Any:  # noqa: ANN401 - an answer
    return visitor.post(f"{AT}/verdict", account=list(names), verdict="abuse", **about)


@pytest.mark.usefixtures("ring")
def test_members_and_what_they_share_are_shown(visit: Visits) -> None:
    page = visit("grace").get(AT).text
    assert re.findall(r'aria-label="(\w+): allow"', page) == ["ada", "bob", "carl"]
    assert "email, shared by 3 accounts" in page
    assert "A ring is a description, not an accusation" in page


@pytest.mark.usefixtures("ring")
def test_the_joint_burn_has_its_table(visit: Visits) -> None:
    page = visit("grace").get(AT).text
    assert 'data-name="joint"' in page
    assert "Table: Credits that they spent together" in page


def test_whoever_looks_at_a_ring_stands_in_the_audit_trail_of_each_member(ring: Office, visit: Visits) -> None:
    visit("grace").get(AT)
    with ring.desk.database.statement() as connection:
        (line,) = page_audit(connection, Sought(subject="bob"), 5)
    assert (line.actor, line.action, line.subject) == ("grace", "ring.viewed", RING)


def test_a_ring_in_which_nobody_stands_is_not_there(visit: Visits) -> None:
    assert visit("grace").get("/rings/ring%3Azoe").status_code == 404


def test_a_verdict_is_named_with_count_and_credits_before_it_is_given(ring: Office, visit: Visits) -> None:
    page = visit("grace").get(f"{AT}/verdict?account=ada&account=carl").text
    assert "One verdict for 2 accounts" in page
    assert "2 of 3 of the ring" in page
    assert "1 of them, with 497 promotional credits, are held until a second person says so too" in page
    assert verdicts(ring, "ada") == []


@pytest.mark.usefixtures("ring")
def test_where_nobody_is_picked_it_is_about_all(visit: Visits) -> None:
    assert "All of the ring" in visit("grace").get(f"{AT}/verdict").text


def test_a_verdict_is_about_those_who_were_picked(ring: Office, visit: Visits) -> None:
    answer = give(visit("grace"), "ada", "bob", note="one hand")
    assert answer.headers["location"] == "/console/rings/ring%3Aada?done=2"
    assert verdicts(ring, "ada") == verdicts(ring, "bob") == [("abuse", "grace", RING)]
    assert verdicts(ring, "carl") == []


def test_whom_another_reviewer_has_is_left_out_and_refused(ring: Office, visit: Visits) -> None:
    with ring.desk.database.connection() as connection:
        claim(connection, "bob", "alan", ring.clock(), ring.lapse)
    grace = visit("grace")
    page = grace.get(f"{AT}/verdict").text
    assert "One verdict for 2 accounts" in page
    assert "another reviewer has them now" in page
    assert give(grace, "ada", "bob").status_code == 409
    assert verdicts(ring, "ada") == []


def test_an_account_of_no_ring_cannot_be_slipped_in(ring: Office, visit: Visits, keep: Keep) -> None:
    keep("zoe")
    assert give(visit("grace"), "ada", "zoe").status_code == 409
    assert verdicts(ring, "zoe") == verdicts(ring, "ada") == []


@pytest.mark.usefixtures("ring")
def test_a_reviewer_is_no_second_person_for_a_ring_either(ring: Office, visit: Visits) -> None:
    give(visit("alan"), "carl")
    assert give(visit("grace"), "ada", "carl").status_code == 403
    assert verdicts(ring, "ada") == []


def test_what_the_machine_may_not_say_no_form_can(visit: Visits) -> None:
    answer = visit("grace").post(f"{AT}/verdict", account=["ada"], verdict="revoke")
    assert answer.status_code == 422


@pytest.mark.usefixtures("ring")
def test_an_admin_who_reviews_not_sees_no_ring(visit: Visits) -> None:
    root = visit("root")
    assert root.get(AT).status_code == 403
    assert give(root, "ada").status_code == 403


def test_a_forged_form_gives_no_verdict(ring: Office, visit: Visits) -> None:
    assert give(visit("grace"), "ada", csrf="forged").status_code == 403
    assert verdicts(ring, "ada") == []


def test_a_name_that_is_a_script_is_text(office: Office, visit: Visits, keep: Keep) -> None:
    name = '<script>alert("x")</script>'
    keep(name)
    settle(office.desk, office.clock())
    with office.desk.database.connection() as connection:
        rated = find_risk(connection, name)
        assert rated is not None
        keep_risks(connection, [replace(rated, ring_id="ring:<b>")])
    page = visit("grace").get("/rings/ring%3A%3Cb%3E").text
    assert "<script>alert" not in page
    assert "ring:<b>" not in page


def test_a_large_ring_is_told_by_the_page_and_judged_as_a_whole(office: Office, visit: Visits, keep: Keep) -> None:
    keep("a000")
    settle(office.desk, office.clock())
    with office.desk.database.connection() as connection:
        rated = find_risk(connection, "a000")
        assert rated is not None
        keep_risks(connection, [replace(rated, account_id=f"a{i:03}", ring_id="ring:a000") for i in range(130)])
    grace = visit("grace")
    first, second = (grace.get(f"/rings/ring:a000?page={page}").text for page in (1, 2))
    assert ("Pick a099" in first, "Pick a100" in first, "Pick a129" in second) == (True, False, True)
    assert "One verdict for 130 accounts" in grace.get("/rings/ring:a000/verdict").text
