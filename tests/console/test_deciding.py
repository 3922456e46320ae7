"""A decision in the console goes the one way that verdicts go, and opens the next account."""

from __future__ import annotations

from typing import Any

import pytest

from grantguard.console import Office
from grantguard.console.told import say_undo
from grantguard.settlement import settle
from grantguard.store.audit import read_audit
from grantguard.store.claims import claimed_by
from grantguard.store.draws import keep_draws
from grantguard.store.standing import find_standing
from grantguard.store.verdicts import verdicts_of
from grantguard.vocabulary import Capabilities, Decision

Keep = Any
Visit = Any
"""Of tests/conftest.py."""


@pytest.fixture
def held(keep: Keep, office: Office) -> None:
    """Ada is held for a chargeback, bob waits too."""
    keep("ada", chargebacks=1)
    keep("bob")
    settle(office.desk, office.clock())


def stands(office: Office, name: str) -> list[str]:
    with office.desk.database.connection() as connection:
        return [each.action for each in find_standing(connection, name)]


def told(office: Office, kind: str) -> int:
    with office.desk.database.connection() as connection:
        found = connection.execute("SELECT count(*) FROM outbox WHERE type = %s", [kind]).fetchone()
    return 0 if found is None else int(found[0])


@pytest.mark.usefixtures("held")
def test_genuine_releases_what_is_held(visit: Visit, office: Office) -> None:
    assert stands(office, "ada") == ["hold"]
    visit("grace").post("/accounts/ada/decide", verdict="genuine", note="paid at last")
    assert stands(office, "ada") == ["allow"]
    assert told(office, "grant.release") == 1


@pytest.mark.usefixtures("held")
def test_abuse_revokes(visit: Visit, office: Office) -> None:
    visit("grace").post("/accounts/ada/decide", verdict="abuse")
    assert stands(office, "ada") == ["revoke"]


@pytest.mark.usefixtures("held")
def test_compromised_keeps_holding(visit: Visit, office: Office) -> None:
    visit("grace").post("/accounts/ada/decide", verdict="compromised")
    assert stands(office, "ada") == ["hold"]
    assert told(office, "account.verdict") == 1


@pytest.mark.usefixtures("held")
def test_unsure_changes_nothing_and_is_audited(visit: Visit, office: Office) -> None:
    visit("grace").post("/accounts/ada/decide", verdict="unsure", note="odd")
    with office.desk.database.connection() as connection:
        assert verdicts_of(connection, "ada") == ()
        entries = read_audit(connection, 9, "ada")
        assert claimed_by(connection, ["ada"], office.clock()) == {"ada": "grace"}
    assert ("account.unsure", {"note": "odd"}) in [(each.action, each.detail) for each in entries]


@pytest.mark.usefixtures("held")
def test_the_next_account_opens(visit: Visit) -> None:
    to = visit("grace").post("/accounts/ada/decide", verdict="genuine").headers["location"]
    assert to == "/console/accounts/bob?done=ada"


@pytest.mark.usefixtures("held")
def test_after_the_last_the_queue_opens(visit: Visit) -> None:
    grace = visit("grace")
    grace.post("/accounts/ada/decide", verdict="genuine")
    assert grace.post("/accounts/bob/decide", verdict="genuine").headers["location"] == "/console/queue?done=bob"


@pytest.mark.usefixtures("held")
def test_the_person_the_note_and_the_technique_are_kept(visit: Visit, office: Office) -> None:
    visit("grace").post("/accounts/ada/decide", verdict="abuse", note="one hand", technique="refund cycle")
    with office.desk.database.connection() as connection:
        (verdict,) = verdicts_of(connection, "ada")
    assert (verdict.reviewer, verdict.note, verdict.technique) == ("grace", "one hand", "refund cycle")


@pytest.mark.usefixtures("held")
def test_a_technique_that_there_is_not_is_not_kept(visit: Visit, office: Office) -> None:
    visit("grace").post("/accounts/ada/decide", verdict="abuse", technique="witchcraft")
    with office.desk.database.connection() as connection:
        assert verdicts_of(connection, "ada")[0].technique is None


@pytest.mark.usefixtures("held")
def test_nobody_decides_what_somebody_else_has_before_them(visit: Visit, office: Office) -> None:
    visit("alan").post("/accounts/ada/claim")
    assert visit("grace").post("/accounts/ada/decide", verdict="abuse").status_code == 409
    assert stands(office, "ada") == ["hold"]


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("verdict", ["guilty", ""])
def test_a_verdict_that_there_is_not_is_refused(visit: Visit, office: Office, verdict: str) -> None:
    assert visit("grace").post("/accounts/ada/decide", verdict=verdict).status_code == 422
    assert stands(office, "ada") == ["hold"]


@pytest.mark.usefixtures("held")
def test_an_account_that_is_not_there_is_not_judged(visit: Visit) -> None:
    assert visit("grace").post("/accounts/nobody/decide", verdict="abuse").status_code == 404


def test_above_a_sum_a_second_person_confirms(visit: Visit, keep: Keep, office: Office) -> None:
    keep("ada", given_credits=500.0)
    visit("grace").post("/accounts/ada/decide", verdict="abuse", note="all of it")
    assert stands(office, "ada") == ["hold"]
    page = visit("alan").get("/confirm").text
    assert "/console/confirm/ada" in page
    assert "all of it" in page
    visit("alan").post("/accounts/ada/confirm", note="I see it too")
    assert stands(office, "ada") == ["revoke"]


def test_who_asked_does_not_confirm(visit: Visit, keep: Keep, office: Office) -> None:
    keep("ada", given_credits=500.0)
    visit("alan").post("/accounts/ada/decide", verdict="abuse")
    assert visit("alan").post("/accounts/ada/confirm").status_code == 403
    assert stands(office, "ada") == ["hold"]


def test_whoever_is_no_approver_is_no_second_person(visit: Visit, keep: Keep, office: Office) -> None:
    keep("ada", given_credits=500.0)
    visit("alan").post("/accounts/ada/decide", verdict="abuse")
    assert visit("grace").post("/accounts/ada/decide", verdict="abuse").status_code == 403
    assert stands(office, "ada") == ["hold"]


def test_a_second_person_may_say_no(visit: Visit, keep: Keep, office: Office) -> None:
    keep("ada", given_credits=500.0)
    visit("grace").post("/accounts/ada/decide", verdict="abuse")
    visit("alan").post("/accounts/ada/decline", note="a class")
    assert "Nothing waits" in visit("alan").get("/confirm").text
    assert stands(office, "ada") == ["hold"]


@pytest.mark.usefixtures("held")
def test_that_it_was_drawn_is_told_after_the_verdict_alone(visit: Visit, office: Office) -> None:
    with office.desk.database.connection() as connection:
        keep_draws(connection, {"ada": 0.25}, office.clock())
    grace = visit("grace")
    assert "drawn at random" not in grace.get("/accounts/bob?done=ada").text
    to = grace.post("/accounts/ada/decide", verdict="genuine").headers["location"].removeprefix("/console")
    assert "drawn at random, with a probability of 0.25" in grace.get(to).text


@pytest.mark.usefixtures("held")
def test_what_was_revoked_is_given_anew_by_genuine(visit: Visit, office: Office) -> None:
    grace = visit("grace")
    grace.post("/accounts/ada/decide", verdict="abuse")
    assert "say genuine" in grace.get("/queue?done=ada").text
    grace.post("/accounts/ada/decide", verdict="genuine")
    assert stands(office, "ada") == ["allow"]


def test_a_ledger_that_cannot_undo_is_named_plainly(hold: Decision) -> None:
    ledger = Capabilities(can_hold=False, can_release=False, can_revoke=True, otherwise="it settles at once")
    assert say_undo(hold.action, ledger) == "The ledger cannot undo it: it settles at once."


def test_where_nothing_is_left_to_take_back_that_is_said(keep: Keep, visit: Visit, office: Office) -> None:
    keep("zoe", given_credits=1.0)
    settle(office.desk, office.clock())
    grace = visit("grace")
    grace.post("/accounts/zoe/decide", verdict="abuse")
    page = grace.get("/queue?done=zoe").text
    assert "Nothing was left to take back" in page
    assert "are revoked" not in page
