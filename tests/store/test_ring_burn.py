"""A ring as it is stored: its members, what they share, what they spent together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grantguard.settlement import Desk, settle
from grantguard.store.rings import find_first_grant, read_burn, read_members, read_shared
from grantguard.store.risks import find_risk, keep_risks

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
OPENED = NOON - timedelta(days=2)
Keep = Callable[..., None]


@pytest.fixture
def ring(desk: Desk, keep: Keep) -> Desk:
    """Ada and Bob share an address of mail, Carl has his own; all three stand in one ring, the riskiest first."""
    for name, mail in (("ada", "m"), ("bob", "m"), ("carl", "n")):
        keep(name, mail=mail)
    settle(desk, NOON)
    with desk.database.connection() as connection:
        rated = [(find_risk(connection, name), risk) for name, risk in (("ada", 0.3), ("bob", 0.2), ("carl", 0.1))]
        keep_risks(connection, [replace(each, ring_id="ring:ada", risk=risk) for each, risk in rated if each])
    return desk


def test_members_come_with_what_is_known_of_them(ring: Desk) -> None:
    with ring.database.statement() as connection:
        members = read_members(connection, "ring:ada", 2)
    assert members["account_id"].to_list() == ["ada", "bob"]
    assert members["created_at"].to_list() == [OPENED, OPENED]
    assert members["verdict"].to_list() == [None, None]


def test_what_one_alone_has_shown_is_not_shared(ring: Desk) -> None:
    with ring.database.statement() as connection:
        shared = read_shared(connection, ["ada", "bob", "carl"], ["email"])
    assert shared.select("kind", "value", "account_id", "holders").rows() == [
        ("email", "m", "ada", 2),
        ("email", "m", "bob", 2),
    ]


def test_what_was_spent_together_is_told_in_bins_from_the_first_grant(ring: Desk) -> None:
    with ring.database.statement() as connection:
        since = find_first_grant(connection, ["ada", "bob"])
        assert since == OPENED
        burn = read_burn(connection, ["ada", "bob"], since, timedelta(minutes=20), 1_000)
    assert burn["requests"].sum() == 60
    assert burn["begins"].to_list() == [OPENED, OPENED + timedelta(minutes=20)]
    assert burn["requests"].to_list() == [40, 20]


def test_who_was_given_nothing_has_no_beginning(ring: Desk) -> None:
    with ring.database.statement() as connection:
        assert find_first_grant(connection, ["zoe"]) is None


def test_of_each_account_the_first_requests_count(ring: Desk) -> None:
    with ring.database.statement() as connection:
        burn = read_burn(connection, ["ada", "bob"], OPENED, timedelta(days=1), 7)
    assert burn["requests"].to_list() == [14]
