"""When to try a notice again: over three days, slower each time, then never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait before each try, the first included, as Standard Webhooks suggests."""

SPREAD: Final = 0.1
"""The share of a wait that jitter may add, so that what failed together does not come back together."""

LONGEST: Final = max(SCHEDULE)
"""No ledger can ask for a longer wait: it would be a silence that nobody notices."""


def next_try(attempts: int, now: datetime, jitter: float, asked: timedelta | None = None) -> datetime | None:
    """When to try again after ``attempts`` that failed; None: it is a dead letter.

    ``jitter`` is from 0 to 1; ``asked`` is the wait that the ledger asked for, kept up to ``LONGEST``.
    """
    if attempts >= len(SCHEDULE):
        return None
    wait = max(SCHEDULE[attempts], min(asked or timedelta(0), LONGEST))
    return now + wait * (1 + SPREAD * jitter)


def read_retry_after(told: str | None, now: datetime) -> timedelta | None:
    """The wait that a ``Retry-After`` header asks for, in seconds or until a date; None where it cannot be read."""
    if told is None:
        return None
    if told.strip().isdecimal():
        return timedelta(seconds=min(int(told.strip()[:9]), LONGEST.total_seconds()))
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(until.replace(tzinfo=until.tzinfo or UTC) - now, timedelta(0))
