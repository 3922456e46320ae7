"""A bucket of tokens a caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.service.limits import Buckets


def test_a_full_bucket_lets_its_burst_in_at_once() -> None:
    buckets = Buckets(rate=1.0, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a", 0.0) > 0


def test_who_waits_as_long_as_told_gets_in() -> None:
    buckets = Buckets(rate=2.0, burst=1)
    buckets.take("a", 0.0)
    wait = buckets.take("a", 0.1)
    assert wait == pytest.approx(0.4)
    assert buckets.take("a", 0.1 + wait + 1e-9) == 0.0


def test_callers_do_not_share() -> None:
    buckets = Buckets(rate=1.0, burst=1)
    assert buckets.take("a", 0.0) == buckets.take("b", 0.0) == 0.0


def test_to_ask_how_long_to_wait_takes_nothing() -> None:
    buckets = Buckets(rate=1.0, burst=1)
    assert [buckets.wait("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a", 0.0) == 0.0
    assert buckets.wait("a", 0.25) == pytest.approx(0.75)


def test_only_so_many_callers_are_remembered_those_who_came_last() -> None:
    buckets = Buckets(rate=1.0, burst=1, most=3)
    for caller in ("a", "b", "c", "a", "d"):
        buckets.take(caller, 0.0)
    assert set(buckets.left) == {"c", "a", "d"}


@given(st.lists(st.floats(0, 2), max_size=80), st.floats(0.5, 20), st.integers(1, 9))
def test_never_more_than_the_burst_and_what_came_back(gaps: list[float], rate: float, burst: int) -> None:
    buckets, now, taken = Buckets(rate, burst), 0.0, 0
    for gap in gaps:
        now += gap
        taken += buckets.take("a", now) == 0.0
    assert taken <= burst + rate * now + 1e-6
