"""Patience: what is asked again, after how long, and when it ends. Nothing is sent and nobody waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.client.patience import Patience, Send, Told, Wait, converse, retry_after
from grantguard.client.requests import ask_standing
from grantguard.errors import Unavailable

NOW = datetime(2025, 5, 1, tzinfo=UTC)
REQUEST = ask_standing("a1")


def busy(status: int = 503, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def hold(patience: Patience, tell: Callable[[Send], Told], pace: float = 0.0) -> tuple[list[Send | Wait], Exception]:
    """A conversation that ends badly: its steps, where each attempt takes ``pace`` seconds and no wait is real."""
    now, told = 0.0, None
    steps: list[Send | Wait] = []
    talk = converse(REQUEST, patience, lambda: now)
    while True:
        try:
            step = talk.send(told)
        except Unavailable as error:
            return steps, error
        steps.append(step)
        now += pace if isinstance(step, Send) else step.seconds
        told = tell(step) if isinstance(step, Send) else None


def waits(steps: list[Send | Wait]) -> list[float]:
    return [step.seconds for step in steps if isinstance(step, Wait)]


def test_it_ends_after_its_retries() -> None:
    steps, _ = hold(Patience(retries=3, first_wait=0.0), lambda _: busy())
    assert sum(isinstance(step, Send) for step in steps) == 4


def test_it_ends_when_its_time_is_up() -> None:
    steps, _ = hold(Patience(whole=10, attempt=4, retries=99, first_wait=0.0), lambda _: busy(), pace=4)
    assert [step.timeout for step in steps if isinstance(step, Send)] == [4, 4, 2]


def test_no_wait_follows_the_last_attempt() -> None:
    steps, _ = hold(Patience(retries=2), lambda _: busy())
    assert isinstance(steps[-1], Send)


def test_what_the_service_asks_for_is_waited() -> None:
    steps, _ = hold(Patience(retries=1, first_wait=0.0), lambda _: busy(429, retry_after="7"))
    assert waits(steps) == [7.0]


def test_a_wait_past_the_whole_is_not_begun() -> None:
    steps, error = hold(Patience(whole=5, retries=9), lambda _: busy(429, retry_after="7"))
    assert len(steps) == 1
    assert "answered 429" in str(error)


@given(st.integers(0, 8), st.floats(0.01, 2), st.floats(0.01, 10))
def test_waits_grow_and_never_past_the_longest(retries: int, first: float, longest: float) -> None:
    patience = Patience(whole=1e9, retries=retries, first_wait=first, longest_wait=longest)
    steps, _ = hold(patience, lambda _: httpx.ConnectError("nobody"))
    assert all(wait <= min(longest, first * 2**number) for number, wait in enumerate(waits(steps)))


def test_waits_differ_so_that_a_crowd_does_not_come_back_at_once() -> None:
    several = {waits(hold(Patience(retries=1), lambda _: busy())[0])[0] for _ in range(5)}
    assert len(several) == 5


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404, 409, 413, 422, 500])
def test_an_answer_that_would_not_change_ends_it(status: int) -> None:
    talk = converse(REQUEST, Patience(), lambda: 0.0)
    next(talk)
    with pytest.raises(StopIteration) as ended:
        talk.send(httpx.Response(status))
    assert ended.value.value.status_code == status


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 0),
        ("120", 120),
        ("Thu, 01 May 2025 00:01:00 GMT", 60),
        ("Wed, 30 Apr 2025 00:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
    ],
)
def test_a_time_to_come_back_is_a_number_or_a_date(said: str | None, seconds: float) -> None:
    assert retry_after(said, NOW) == seconds
