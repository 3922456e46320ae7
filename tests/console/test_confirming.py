"""A revocation above the sum waits; an approver who did not ask confirms it, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from grantguard.console import Office
from grantguard.settlement import Judgement, judge
from grantguard.store.revocations import revocations_of
from grantguard.store.standing import find_standing

Keep = Any
Visits = Any
"""Of tests/conftest.py."""


@pytest.fixture
def waiting(office: Office, keep: Keep) -> Office:
    """Ada has much left; Grace said abuse."""
    keep("ada", given_credits=500.0)
    say(office, "ada", "grace")
    return office


def say(office: Office, name: str, person: str) -> None:
    judge(
        office.desk, Judgement((name,), None, "abuse", "burst_farming", "<i>many at once</i>"), person, office.clock()
    )


def end(visitor: Any, how: str = "confirm", **about: Any) -> Any:  # noqa: ANN401 - an answer
    return visitor.post(f"/accounts/ada/{how}", note="I see it too", **about)


def stands(office: Office) -> str:
    with office.desk.database.statement() as connection:
        return find_standing(connection, "ada")[0].action


def ends(office: Office) -> list[tuple[str | None, str | None]]:
    with office.desk.database.statement() as connection:
        return [(each.outcome, each.settled_by) for each in revocations_of(connection, "ada")]


@pytest.mark.usefixtures("waiting")
def test_what_waits_is_listed_with_who_asked_and_the_credits(visit: Visits) -> None:
    page = visit("alan").get("/confirm").text
    assert "/console/confirm/ada" in page
    assert '<td data-label="Asked by">grace</td>' in page
    assert '<td data-label="Credits" class="number">497</td>' in page


def test_an_approver_reads_what_the_first_person_said_and_confirms(waiting: Office, visit: Visits) -> None:
    alan = visit("alan")
    page = alan.get("/confirm/ada").text
    assert "What grace said" in page
    assert "&lt;i&gt;many at once&lt;/i&gt;" in page
    answer = end(alan)
    assert answer.headers["location"] == "/console/confirm?done=ada"
    assert (stands(waiting), ends(waiting)) == ("revoke", [("confirmed", "alan")])
    assert "497 promotional credits are revoked" in alan.get("/confirm?done=ada").text


def test_a_declined_revocation_stays_held(waiting: Office, visit: Visits) -> None:
    end(visit("alan"), "decline")
    assert (stands(waiting), ends(waiting)) == ("hold", [("declined", "alan")])


def test_who_asked_is_offered_no_confirmation_and_given_none(office: Office, keep: Keep, visit: Visits) -> None:
    keep("ada", given_credits=500.0)
    say(office, "ada", "alan")
    alan = visit("alan")
    assert "/accounts/ada/confirm" not in alan.get("/confirm/ada").text
    assert end(alan).status_code == 403
    assert (stands(office), ends(office)) == ("hold", [(None, None)])


@pytest.mark.parametrize("how", ["confirm", "decline"])
def test_a_reviewer_is_not_a_second_person(waiting: Office, visit: Visits, how: str) -> None:
    grace = visit("grace")
    assert grace.get("/confirm/ada").status_code == 403
    assert end(grace, how).status_code == 403
    assert (stands(waiting), ends(waiting)) == ("hold", [(None, None)])


def test_who_asked_takes_it_back(office: Office, keep: Keep, visit: Visits) -> None:
    keep("ada", given_credits=500.0)
    say(office, "ada", "alan")
    end(visit("alan"), "decline")
    assert ends(office) == [("withdrawn", "alan")]


def test_what_was_declined_is_revoked_by_no_other_reviewer(office: Office, keep: Keep, visit: Visits) -> None:
    keep("ada", given_credits=500.0)
    say(office, "ada", "kurt")
    end(visit("alan"), "decline")
    assert visit("grace").post("/accounts/ada/decide", verdict="abuse").status_code == 403
    assert stands(office) == "hold"


def test_a_forged_form_confirms_nothing(waiting: Office, visit: Visits) -> None:
    assert end(visit("alan"), csrf="forged").status_code == 403
    assert stands(waiting) == "hold"


@pytest.mark.usefixtures("waiting")
def test_what_is_confirmed_is_not_there_to_confirm_again(visit: Visits) -> None:
    end(visit("alan"))
    assert visit("alan").get("/confirm/ada").status_code == 409
    assert end(visit("alan")).status_code == 409


def test_where_nothing_waits_it_says_so(visit: Visits) -> None:
    assert "Nothing waits" in visit("alan").get("/confirm").text


def test_an_account_of_which_nothing_waits_is_not_there(visit: Visits) -> None:
    assert visit("alan").get("/confirm/zoe").status_code == 409
