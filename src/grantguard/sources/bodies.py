"""A body as its items: one JSON object, an array of them, or one a line, whatever its content type says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from grantguard.errors import BodyUnreadable


@dataclass(frozen=True)
class Broken:
    """A line that is no JSON; it keeps its place among the items."""

    reason: str


def read_items(body: bytes) -> list[Any]:
    """The items of a body. A bad line costs itself alone; raises ``BodyUnreadable`` where nothing is JSON."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError) as error:
        return _read_lines(body, _describe(error))
    return whole if isinstance(whole, list) else [whole]


def _read_lines(body: bytes, problem: str) -> list[Any]:
    items = [_read_line(line) for line in body.splitlines() if line.strip()]
    if all(isinstance(item, Broken) for item in items):
        raise BodyUnreadable(f"the body is not JSON ({problem}); send an object, an array, or an object a line")
    return items


def _read_line(line: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        return Broken(f"the line is not JSON ({_describe(error)})")


def _describe(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    if isinstance(error, RecursionError):
        return "nested too deep"
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else "a number is too long"
