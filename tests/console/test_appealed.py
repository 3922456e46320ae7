"""The inbox of appeals: read, overturned with a reason, or upheld with one."""

from __future__ import annotations

from typing import Any

import pytest

from grantguard.console import Office
from grantguard.settlement import appeal, settle
from grantguard.store.appeals import Appeal, find_appeal
from grantguard.store.standing import find_standing
from grantguard.store.verdicts import verdicts_of

Keep = Any
Visits = Any
"""Of tests/conftest.py."""

SAID = "<script>steal()</script> I build a chess engine"


@pytest.fixture
def made(office: Office, keep: Keep) -> Appeal:
    """Ada's grant is held, and she objects."""
    keep("ada", chargebacks=1)
    settle(office.desk, office.clock())
    return appeal(office.desk.database, "ada", SAID, "support", office.clock())


def end(visitor: Any, made: Appeal, how: str, why: str = "a chess engine it is", **about: Any) -> Any:  # noqa: ANN401
    return visitor.post(f"/appeals/{made.appeal_id}", end=how, why=why, **about)


def kept(office: Office, made: Appeal) -> tuple[str | None, str | None, str | None]:
    with office.desk.database.statement() as connection:
        found = find_appeal(connection, made.appeal_id)
    assert found is not None
    return found.outcome, found.settled_by, found.settled_note


def stands(office: Office) -> str:
    with office.desk.database.statement() as connection:
        return find_standing(connection, "ada")[0].action


def test_an_open_appeal_is_in_the_inbox_and_its_script_is_text(made: Appeal, visit: Visits) -> None:
    for path in ("/appeals", f"/appeals/{made.appeal_id}"):
        page = visit("grace").get(path).text
        assert "I build a chess engine" in page
        assert "<script>steal" not in page


def test_an_appeal_shows_both_wordings_of_the_statement(made: Appeal, visit: Visits) -> None:
    page = visit("grace").get(f"/appeals/{made.appeal_id}").text
    assert "We have paused promotional credit" in page
    assert f"Decision {made.decision_id}" in page


def test_overturning_releases_and_keeps_why(made: Appeal, visit: Visits, office: Office) -> None:
    answer = end(visit("grace"), made, "overturn")
    assert answer.headers["location"] == f"/console/appeals/{made.appeal_id}"
    assert kept(office, made) == ("overturned", "grace", "a chess engine it is")
    assert stands(office) == "allow"
    with office.desk.database.statement() as connection:
        assert [each.verdict for each in verdicts_of(connection, "ada")] == ["genuine"]


def test_upholding_leaves_it_held(made: Appeal, visit: Visits, office: Office) -> None:
    end(visit("alan"), made, "uphold", "the card was stolen")
    assert (kept(office, made), stands(office)) == (("upheld", "alan", "the card was stolen"), "hold")
    assert "upheld" in visit("grace").get("/appeals?which=settled").text


@pytest.mark.parametrize("why", ["", "   "])
def test_nothing_ends_without_a_reason(made: Appeal, visit: Visits, office: Office, why: str) -> None:
    assert end(visit("grace"), made, "overturn", why).status_code == 422
    assert kept(office, made)[0] is None


def test_who_comes_second_is_told(made: Appeal, visit: Visits, office: Office) -> None:
    end(visit("grace"), made, "uphold")
    assert end(visit("alan"), made, "overturn").status_code == 409
    assert stands(office) == "hold"


def test_a_forged_form_and_another_role_end_nothing(made: Appeal, visit: Visits, office: Office) -> None:
    assert end(visit("grace"), made, "overturn", csrf="forged").status_code == 403
    assert end(visit("root"), made, "overturn").status_code == 403
    assert kept(office, made)[0] is None


def test_a_guessed_appeal_is_not_there(visit: Visits) -> None:
    assert visit("grace").get("/appeals/1").status_code == 404
    assert visit("grace").post("/appeals/1", end="uphold", why="x").status_code == 404


def test_an_empty_inbox_says_so(visit: Visits) -> None:
    assert "Nobody waits for an answer" in visit("grace").get("/appeals").text
    assert "No appeal was settled yet" in visit("grace").get("/appeals?which=settled").text
