"""One scale for all signals: rarity on the suspicious side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grantguard.forest import Scale

REFERENCE = np.random.default_rng(0).normal(0, 1, (1000, 2))
HIGH_AND_LOW = Scale.fit(REFERENCE, np.array([1.0, -1.0]))


def test_what_is_unusually_honest_is_not_unusual() -> None:
    assert HIGH_AND_LOW.surprise(np.array([[-9.0, 9.0]])).tolist() == [[0.0, 0.0]]


def test_a_null_is_typical() -> None:
    assert HIGH_AND_LOW.surprise(np.array([[np.nan, np.nan]])).tolist() == [[0.0, 0.0]]


def test_the_suspicious_side_is_the_declared_one() -> None:
    high, low = HIGH_AND_LOW.surprise(np.array([[2.0, -2.0]]))[0]
    assert high > 1
    assert low > 1


def test_beyond_the_reference_is_as_rare_as_nothing_seen() -> None:
    tails = HIGH_AND_LOW.tail(np.array([[1e9, -1e9]]))
    assert tails[0].tolist() == pytest.approx([1 / 1001, 1 / 1001])


def test_one_in_a_hundred_is_a_hundredth() -> None:
    value = np.quantile(REFERENCE[:, 0], 0.99)
    assert HIGH_AND_LOW.tail(np.array([[value, 0.0]]))[0, 0] == pytest.approx(0.01, rel=0.2)


def test_a_signal_that_nobody_shows_says_nothing() -> None:
    empty = Scale.fit(np.full((50, 1), np.nan), np.array([1.0]))
    assert empty.surprise(np.array([[3.0]])).tolist() == [[0.0]]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=20))
@settings(max_examples=50, deadline=None)
def test_surprise_never_falls_as_a_value_grows_more_suspicious(values: list[float]) -> None:
    ordered = np.sort(values)
    table = np.stack([ordered, ordered], axis=1)
    assert (np.diff(HIGH_AND_LOW.surprise(table)[:, 0]) >= -1e-12).all()
    assert (np.diff(HIGH_AND_LOW.surprise(table)[:, 1]) <= 1e-12).all()


def test_the_last_digit_of_a_sum_makes_nothing_rarer() -> None:
    most = REFERENCE[:, 0].max()
    as_seen, beyond = (HIGH_AND_LOW.tail(np.array([[value, 0.0]]))[0, 0] for value in (most, most * (1 + 4e-16)))
    assert beyond == pytest.approx(as_seen, rel=1e-9)
