"""A campaign's credit, parted by who used it; whom we wronged; who became a customer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.campaigns import GRANTED, KNOWN, Campaign, weigh_campaigns

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def grant(name: str, **about: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    row = {"account_id": name, "grant_id": f"{name}-g", "campaign": "welcome", "credits": 100.0, "granted_at": NOON}
    return row | {"expires_at": None, "held": False} | about


def account(name: str, **about: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    row: dict[str, Any] = {"account_id": name, "spent": 40.0, "stopped": False, "verdict": None}
    return row | {"technique": None, "paid_at": None} | about


def weigh(grants: list[dict[str, Any]], accounts: list[dict[str, Any]]) -> tuple[Campaign, ...]:
    return weigh_campaigns(pl.DataFrame(grants, schema=GRANTED), pl.DataFrame(accounts, schema=KNOWN))


def one(grants: list[dict[str, Any]], accounts: list[dict[str, Any]]) -> Campaign:
    (campaign,) = weigh(grants, accounts)
    return campaign


@pytest.mark.parametrize(
    ("about", "share"),
    [
        ({"verdict": "genuine", "stopped": True}, "genuine"),
        ({"verdict": None, "stopped": False}, "genuine"),
        ({"verdict": None, "stopped": True}, "suspected"),
        ({"verdict": "compromised", "stopped": True}, "victims"),
        ({"verdict": "abuse", "stopped": True}, "leak"),
    ],
)
def test_credit_used_has_one_user(about: dict[str, Any], share: str) -> None:
    told = one([grant("ada")], [account("ada", **about)])
    parts = {name: getattr(told, name) for name in ("genuine", "suspected", "victims", "leak")}
    assert parts == {"genuine": 0.0, "suspected": 0.0, "victims": 0.0, "leak": 0.0} | {share: 40.0}


def test_leaks_are_told_by_technique_the_largest_first() -> None:
    said = [("ada", "padding", 10.0), ("bob", "burst_farming", 60.0), ("carl", None, 5.0)]
    accounts = [account(name, verdict="abuse", technique=by, spent=spent) for name, by, spent in said]
    told = one([grant(name) for name, *_ in said], accounts)
    assert list(told.leaked.items()) == [("burst_farming", 60.0), ("padding", 10.0), ("not named", 5.0)]


def test_who_used_nothing_leaked_by_no_technique() -> None:
    assert one([grant("ada")], [account("ada", verdict="abuse", spent=0.0)]).leaked == {}


def test_what_expires_soonest_is_spent_first() -> None:
    grants = [
        grant("ada", grant_id="late", campaign="launch", expires_at=NOON + 9 * DAY),
        grant("ada", grant_id="soon", campaign="welcome", expires_at=NOON + DAY),
        grant("ada", grant_id="never", campaign="referral", expires_at=None),
    ]
    used = {each.campaign: each.used for each in weigh(grants, [account("ada", spent=130.0)])}
    assert used == {"welcome": 100.0, "launch": 30.0, "referral": 0.0}


def test_who_was_held_and_is_genuine_was_wronged() -> None:
    grants = [grant("ada", held=True), grant("bob", held=True), grant("carl")]
    accounts = [account("ada", verdict="genuine"), account("bob", verdict="abuse"), account("carl", verdict="genuine")]
    told = one(grants, accounts)
    assert (told.wrongly_held, told.wrongly_held_credits) == (1, 100.0)


def test_conversion_is_told_with_and_without_the_gamed() -> None:
    accounts = [account("ada", paid_at=NOON + DAY), account("bob"), account("carl", verdict="abuse")]
    told = one([grant(name) for name in ("ada", "bob", "carl")], accounts)
    assert told.conversion == pytest.approx(1 / 3)
    assert told.honest_conversion == 0.5


def test_who_paid_before_the_grant_was_won_already() -> None:
    told = one([grant("ada")], [account("ada", paid_at=NOON - DAY)])
    assert (told.could_pay, told.conversion) == (0, None)


def test_an_account_that_was_never_scored_has_used_nothing() -> None:
    told = one([grant("ada")], [])
    assert (told.accounts, told.granted, told.used) == (1, 100.0, 0.0)


def test_without_grants_there_is_no_campaign() -> None:
    assert weigh([], []) == ()


VERDICTS = st.sampled_from([None, "genuine", "abuse", "compromised"])


@given(st.lists(st.tuples(st.floats(0, 500), VERDICTS, st.booleans()), min_size=1, max_size=12))
def test_the_parts_are_the_whole(people: list[tuple[float, str | None, bool]]) -> None:
    names = [f"a{i}" for i in range(len(people))]
    accounts = [
        account(name, spent=spent, verdict=verdict, stopped=stopped)
        for name, (spent, verdict, stopped) in zip(names, people, strict=True)
    ]
    told = one([grant(name) for name in names], accounts)
    assert told.used == pytest.approx(sum(min(spent, 100.0) for spent, *_ in people))
    assert told.genuine + told.suspected + told.victims + told.leak == pytest.approx(told.used)
