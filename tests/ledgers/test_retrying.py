"""Notices are tried again for days, slower each time, and then no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.ledgers.retrying import LONGEST, SCHEDULE, SPREAD, next_try, read_retry_after

NOW = datetime(2025, 5, 1, 12, tzinfo=UTC)
attempts = st.integers(0, len(SCHEDULE) - 1)
jitters = st.floats(0, 1)


@given(attempts, jitters)
def test_a_wait_is_as_scheduled_or_a_little_longer(tried: int, jitter: float) -> None:
    again = next_try(tried, NOW, jitter)
    assert again is not None
    assert SCHEDULE[tried] <= again - NOW <= SCHEDULE[tried] * (1 + SPREAD) + timedelta(microseconds=1)


@given(st.integers(len(SCHEDULE), 1000), jitters)
def test_after_the_last_try_it_is_a_dead_letter(tried: int, jitter: float) -> None:
    assert next_try(tried, NOW, jitter) is None


def test_the_tries_span_three_days() -> None:
    assert timedelta(days=3) < sum(SCHEDULE, timedelta(0)) < timedelta(days=4)


@given(attempts, jitters, st.timedeltas(timedelta(0), LONGEST))
def test_a_wait_that_the_ledger_asks_for_is_kept(tried: int, jitter: float, asked: timedelta) -> None:
    again = next_try(tried, NOW, jitter, asked)
    assert again is not None
    assert again - NOW >= asked


@given(attempts, jitters, st.timedeltas(LONGEST, timedelta(days=9999)))
def test_no_ledger_can_silence_its_notices_for_long(tried: int, jitter: float, asked: timedelta) -> None:
    again = next_try(tried, NOW, jitter, asked)
    assert again is not None
    assert again - NOW <= LONGEST * (1 + SPREAD)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Thu, 01 May 2025 12:00:30 GMT", 30),
        ("Thu, 01 May 2025 11:00:00 GMT", 0),
        ("9" * 5000, 86_400),
    ],
)
def test_retry_after_is_seconds_or_a_date(told: str, seconds: int) -> None:
    assert read_retry_after(told, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("told", [None, "", "soon", "-5", "1.5", "Thu, 99 May 2025 12:00:30 GMT"])
def test_what_cannot_be_read_asks_for_nothing(told: str | None) -> None:
    assert read_retry_after(told, NOW) is None


@given(st.text())
def test_no_header_breaks_it(told: str) -> None:
    wait = read_retry_after(told, NOW)
    assert wait is None or wait >= timedelta(0)
