"""One item as a sender sent it, read field by field; a field that cannot be used is named by its JSON pointer.

A null, an empty text and a field that is not there are all *not known*. Objects are walked, never copied: most of a
large batch may be of no interest.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from grantguard.errors import FieldRefused

LARGEST: Final = 2**63 - 1
"""The largest whole number that a contract column holds."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Item = dict[str, Any]


def point(*path: str) -> str:
    """The JSON pointer of a path."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def find(item: Item, *path: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What stands at the path; None where anything on the way is missing or no object."""
    found: Any = item
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return None if found == "" else found


def text(item: Item, *path: str) -> str | None:
    """A text, or a whole number as one. Raises ``FieldRefused`` for what no column can hold."""
    found = find(item, *path)
    if found is None:
        return None
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) <= LARGEST:
        return str(found)
    if not isinstance(found, str):
        raise FieldRefused(point(*path), "is not text")
    if "\0" in found or any("\ud800" <= letter <= "\udfff" for letter in found):
        raise FieldRefused(point(*path), "has a character that no text may hold")
    return found


def number(item: Item, *path: str) -> float | None:
    """A finite number that is not negative. Raises ``FieldRefused`` for anything else."""
    found = find(item, *path)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise FieldRefused(point(*path), "is not a number")
    if abs(found) > LARGEST or math.isnan(found):
        raise FieldRefused(point(*path), "is not a number that can be kept")
    if found < 0:
        raise FieldRefused(point(*path), "is negative")
    return float(found)


def whole(item: Item, *path: str) -> int | None:
    """A whole number that is not negative. Raises ``FieldRefused`` for anything else."""
    found = number(item, *path)
    if found is None:
        return None
    if not found.is_integer():
        raise FieldRefused(point(*path), "is not a whole number")
    return int(find(item, *path))


def epoch(item: Item, *path: str) -> datetime | None:
    """A moment given in seconds since 1970, in UTC. Raises ``FieldRefused`` for anything else."""
    seconds = number(item, *path)
    if seconds is None:
        return None
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise FieldRefused(point(*path), "is no moment, in seconds since 1970") from None


def moment(item: Item, *path: str) -> datetime | None:
    """A moment in RFC 3339, in UTC. Raises ``FieldRefused`` for anything else, and where no offset is said."""
    said = text(item, *path)
    if said is None:
        return None
    try:
        found = datetime.fromisoformat(said)
        return found.astimezone(UTC) if found.tzinfo else _refuse_moment(*path)
    except (ValueError, OverflowError):
        return _refuse_moment(*path)


def _refuse_moment(*path: str) -> datetime:
    raise FieldRefused(point(*path), "is not a time with its offset; write 2025-03-01T12:00:00Z")


def spell(at: datetime) -> str:
    """A moment as the contract writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
