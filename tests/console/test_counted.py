"""Campaigns and models: figures as they were counted, empty states, and the wish to count anew."""

from __future__ import annotations

from typing import Any

import pytest

from grantguard.console import Office
from grantguard.figures import count_due
from grantguard.settlement import Judgement, judge, settle
from grantguard.store.figures import find_figures, keep_figures
from grantguard.vocabulary import Label

Keep = Any
Visits = Any
"""Of tests/conftest.py."""


@pytest.fixture
def counted(office: Office, keep: Keep) -> Office:
    """Ada was held and is genuine, Bob gamed; everything is counted."""
    keep("ada", chargebacks=1)
    keep("bob")
    settle(office.desk, office.clock())
    say(office, "ada", "genuine", None)
    say(office, "bob", "abuse", "padding")
    count_due(office.desk, office.clock())
    return office


def say(office: Office, name: str, verdict: Label, technique: str | None) -> None:
    judge(office.desk, Judgement((name,), None, verdict, technique, ""), "grace", office.clock())


@pytest.mark.usefixtures("counted")
def test_a_campaign_tells_what_leaked_and_whom_it_wronged(visit: Visits) -> None:
    root = visit("root")
    assert "/console/campaigns/welcome" in root.get("/campaigns").text
    page = root.get("/campaigns/welcome").text
    assert "<td>padding</td>" in page
    assert "1 account that a person then called genuine had been held, with grants of 60 promotional credits" in page


@pytest.mark.usefixtures("counted")
def test_a_campaign_that_there_is_not_is_not_there(visit: Visits) -> None:
    assert visit("root").get("/campaigns/zoe").status_code == 404


def test_models_tell_precision_with_its_interval(counted: Office, visit: Visits) -> None:
    page = visit("grace").get("/models").text
    assert "0 % <small>0 % to 79 %, of 1 with a verdict" in page
    assert "there are 1 and 1" in page
    assert counted.desk.charge.now().bundle.version in page


@pytest.mark.parametrize("path", ["/campaigns", "/models"])
def test_before_the_first_count_it_says_so(visit: Visits, path: str) -> None:
    assert "Not counted yet: a worker does so." in visit("root").get(path).text


def test_an_empty_store_has_pages_too(office: Office, visit: Visits) -> None:
    count_due(office.desk, office.clock())
    assert "No grant was ever given" in visit("root").get("/campaigns").text
    assert "No account is scored yet" in visit("root").get("/models").text


@pytest.mark.parametrize(("name", "page"), [("campaigns", "campaigns"), ("models", "models"), ("reviews", "models")])
def test_an_approver_has_figures_counted_anew(office: Office, visit: Visits, name: str, page: str) -> None:
    answer = visit("alan").post(f"/figures/{name}")
    assert answer.headers["location"] == f"/console/{page}"
    with office.desk.database.statement() as connection:
        assert find_figures(connection, name).wanted_at is not None


@pytest.mark.usefixtures("office")
def test_a_reviewer_is_not_offered_a_count_and_given_none(visit: Visits) -> None:
    grace = visit("grace")
    assert "Count anew" not in grace.get("/campaigns").text
    assert grace.post("/figures/campaigns").status_code == 403


def test_figures_that_there_are_not_cannot_be_wanted(visit: Visits) -> None:
    assert visit("alan").post("/figures/salaries").status_code == 404


def test_a_campaign_that_is_a_script_is_text(office: Office, visit: Visits) -> None:
    campaign = {"campaign": "<script>x</script>", "leaked": [("<b>", 1.0)], "leak": 1.0, "used": 1.0, "granted": 2.0}
    zeros = ("accounts", "genuine", "suspected", "victims", "wrongly_held", "wrongly_held_credits", "could_pay", "paid")
    row = campaign | dict.fromkeys((*zeros, "honest_could_pay", "honest_paid"), 0)
    with office.desk.database.connection() as connection:
        told = [row | {"conversion": None, "honest_conversion": None}]
        keep_figures(connection, "campaigns", told, office.clock())
    for path in ("/campaigns", "/campaigns/%3Cscript%3Ex%3C%2Fscript%3E"):
        page = visit("root").get(path)
        assert "<script>x" not in page.text
        assert "<b>" not in page.text
