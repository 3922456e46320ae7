"""What figures are counted from is what the store holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl

from grantguard.campaigns import GRANTED, KNOWN
from grantguard.settlement import Desk, Judgement, judge, settle
from grantguard.store.weighing import find_recent, find_truth, read_granted, read_held, read_known, read_reviews
from grantguard.vocabulary import Label

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Keep = Callable[..., None]


def say(desk: Desk, name: str, verdict: Label, now: datetime = NOON + HOUR) -> None:
    judge(desk, Judgement((name,), None, verdict, "padding", ""), "grace", now)


def test_a_grant_tells_whether_it_was_ever_held(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    keep("bob")
    settle(desk, NOON)
    say(desk, "ada", "genuine")
    assert dict(read_granted(desk.database).select("account_id", "held").iter_rows()) == {"ada": True, "bob": False}


def test_an_account_tells_its_newest_verdict_and_what_it_spent(desk: Desk, keep: Keep) -> None:
    keep("ada")
    say(desk, "ada", "genuine")
    say(desk, "ada", "abuse", NOON + 2 * HOUR)
    row = read_known(desk.database).row(0, named=True)
    assert (row["verdict"], row["technique"], row["stopped"]) == ("abuse", "padding", True)
    assert row["spent"] > 0


def test_a_hold_comes_with_what_a_person_said_after_it(desk: Desk, keep: Keep) -> None:
    for name in ("ada", "bob"):
        keep(name, chargebacks=1)
    settle(desk, NOON)
    say(desk, "ada", "genuine")
    held = read_held(desk.database, NOON - HOUR).sort("account_id")
    assert held.select("account_id", "verdict").rows() == [("ada", "genuine"), ("bob", None)]


def test_a_hold_that_a_person_caused_is_none_of_the_machines(desk: Desk, keep: Keep) -> None:
    keep("ada", given_credits=500.0)
    say(desk, "ada", "abuse")
    assert read_held(desk.database, NOON - HOUR).height == 0


def test_reviews_are_every_verdict_since(desk: Desk, keep: Keep) -> None:
    keep("ada")
    say(desk, "ada", "genuine")
    say(desk, "ada", "abuse", NOON + 2 * HOUR)
    assert read_reviews(desk.database, NOON + 2 * HOUR)["verdict"].to_list() == ["abuse"]


def test_the_truth_is_what_persons_said_last_victims_apart(desk: Desk, keep: Keep) -> None:
    for name, verdict in (("ada", "abuse"), ("bob", "compromised"), ("carl", "genuine")):
        keep(name)
        say(desk, name, verdict)  # type: ignore[arg-type]
    with desk.database.statement() as connection:
        truth, kin = find_truth(connection, 10)
        assert len(find_recent(connection, 10)) == 3
    assert truth.select("account_id", "role").rows() == [("ada", "abuse"), ("carl", "genuine")]
    assert kin == []


def test_what_is_read_has_the_shape_that_campaigns_are_weighed_by(desk: Desk) -> None:
    read = (read_granted(desk.database), read_known(desk.database))
    assert [frame.schema for frame in read] == [pl.Schema(GRANTED), pl.Schema(KNOWN)]
