"""How long to wait for an answer and how often to ask: a conversation that neither sends nor sleeps by itself.

``converse`` yields what to do next and is told what came of it; the clients, blocking and not, only do it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from grantguard.client.requests import Request
from grantguard.errors import Unavailable

BUSY: Final = (429, 502, 503, 504)
"""Statuses that may be another the next time."""

IN_FLIGHT: Final = 409
"""What a repeat gets while the first is still being decided; it is an answer only to what bears no key."""


@dataclass(frozen=True)
class Patience:
    """Seconds for the whole and for one attempt, and how often to try again.

    Between attempts it waits a random time of at most ``first_wait``, doubled each time up to ``longest_wait``; a
    ``Retry-After`` is honoured, and where it reaches past the whole there is no further attempt.
    """

    whole: float = 30.0
    attempt: float = 10.0
    retries: int = 4
    first_wait: float = 0.2
    longest_wait: float = 5.0


FOR_ALL: Final = Patience()
"""A job waits for it."""

FOR_RISK: Final = Patience(whole=2.0, attempt=1.0, retries=2, first_wait=0.05, longest_wait=0.5)
"""A customer waits for it."""


@dataclass(frozen=True)
class Send:
    """Send the request, and give up after ``timeout`` seconds."""

    request: Request
    timeout: float


@dataclass(frozen=True)
class Wait:
    """Wait so many seconds."""

    seconds: float


Told = httpx.Response | httpx.RequestError | TimeoutError | None
"""What came of a step: a response, a failure, or nothing of a wait."""

Conversation = Generator[Send | Wait, Told, httpx.Response]


def converse(request: Request, patience: Patience, clock: Callable[[], float]) -> Conversation:
    """Ask until there is an answer. Raises ``Unavailable`` when patience is at its end."""
    until = clock() + patience.whole
    told: Told = None
    for number in range(patience.retries + 1):
        left = until - clock()
        if left <= 0:
            break
        told = yield Send(request, min(patience.attempt, left))
        if isinstance(told, httpx.Response) and not _may_change(told, request):
            return told
        pause = _pause(told, number, patience)
        if number == patience.retries or clock() + pause >= until:
            break
        yield Wait(pause)
    raise Unavailable(f"{request.method} {request.path}: {_describe(told)}; ask again later")


def _may_change(response: httpx.Response, request: Request) -> bool:
    awaited = response.status_code == IN_FLIGHT and "Idempotency-Key" in request.headers
    return awaited or response.status_code in BUSY


def _pause(told: Told, number: int, patience: Patience) -> float:
    longest = min(patience.longest_wait, patience.first_wait * 2**number)
    asked = retry_after(told.headers.get("Retry-After"), datetime.now(UTC)) if isinstance(told, httpx.Response) else 0.0
    # All who were turned away together must not come back together.
    return asked + random.uniform(0, longest)  # noqa: S311 - nothing is kept secret by it


def retry_after(said: str | None, now: datetime) -> float:
    """The seconds that a ``Retry-After`` asks for, as a number or as a date; 0 where it asks for none."""
    if said is None:
        return 0.0
    if said.strip().isdecimal():
        return float(said)
    try:
        asked = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return max(0.0, (asked.replace(tzinfo=asked.tzinfo or UTC) - now).total_seconds())


def _describe(told: Told) -> str:
    if isinstance(told, httpx.Response):
        return f"the service answered {told.status_code}"
    return f"no answer in time ({type(told).__name__})" if told else "no time to ask"
