"""Numbers and times as pages say them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grantguard.console.words import (
    round_to_two,
    say_elapsed,
    say_headline,
    say_hold,
    say_number,
    say_rarity,
    say_span,
)
from grantguard.store.risks import Rated
from grantguard.vocabulary import Decision

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
RATED = Rated("ada", NOON, "scored", 0.9, 0.001, None, "hold", 40.0, 62.5, "m1", None)


@pytest.mark.parametrize(
    ("p_value", "said"),
    [
        (1 / 4000, "1 in 4,000 trusted accounts looks as extreme"),
        (1 / 4321, "1 in 4,300 trusted accounts looks as extreme"),
        (0.4, "1 in 2 trusted accounts looks as extreme"),
        (1.0, "most trusted accounts look as extreme"),
        (None, "too little is known to compare it"),
    ],
)
def test_a_p_value_is_one_in_so_many(p_value: float | None, said: str) -> None:
    assert say_rarity(p_value) == said


def test_a_rarity_is_known_to_two_digits() -> None:
    assert [round_to_two(number) for number in (1.0, 9.6, 99.0, 123.0, 98_765.0)] == [1, 10, 99, 120, 99_000]


def test_a_headline_tells_how_unusual_why_and_what_is_at_stake(hold: Decision) -> None:
    said = say_headline(replace(RATED, reasons=hold.reasons))
    assert said == "Very unusual: gaps vary by only 2%; 62.5 promotional credits are at risk."


def test_a_headline_does_not_call_what_is_common_unusual() -> None:
    assert say_headline(replace(RATED, p_value=0.4)).startswith("Nothing unusual;")


def test_a_headline_without_a_score_says_so() -> None:
    assert say_headline(None) == "Not scored yet."
    assert say_headline(replace(RATED, p_value=None, risk=None)).startswith("Too little history")


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (math.inf, "–"), (3.0, "3"), (0.0178, "0.0178"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_a_number_is_as_long_as_it_needs_to_be(value: float | None, said: str) -> None:
    assert say_number(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "5 s"),
        (90, "1 min"),
        (7_260, "2 h 1 min"),
        (2 * 86_400, "2 d"),
        (2 * 86_400 + 7_200, "2 d 2 h"),
        (4e6, "46 d"),
    ],
)
def test_a_span_is_told_in_its_two_greatest_units(seconds: float, said: str) -> None:
    assert say_span(timedelta(seconds=seconds)) == said


def test_when_something_was_is_told_since_the_grant() -> None:
    assert say_elapsed(NOON + timedelta(days=2, hours=3), NOON) == "day 2, 3 h 0 min"
    assert say_elapsed(NOON - timedelta(hours=3), NOON) == "3 h 0 min before"


def test_a_hold_tells_when_it_ends() -> None:
    assert say_hold(NOON + timedelta(days=2), NOON) == "releases itself in 2 d"
    assert say_hold(NOON, NOON) == "is due for release"
