"""What became of the items of a batch: rows of usage, and what was refused, each by its place in the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from grantguard.errors import FieldRefused
from grantguard.sources.bodies import Broken
from grantguard.sources.fields import Item

Row = dict[str, Any]


@dataclass(frozen=True)
class Rejected:
    """An item that gave no row: its place in the batch, the JSON pointer of what was wrong, and why."""

    index: int
    pointer: str
    reason: str


@dataclass(frozen=True)
class Converted:
    """Rows in the contract's names, ready for JSON; ``indexes`` are their items' places in the batch.

    ``reported`` counts what was taken, but not as it was meant: see ``REPORTED``.
    """

    usage: list[Row]
    indexes: list[int]
    rejected: list[Rejected]
    reported: Counter[str]


REPORTED = {
    "unknown_category": "no rule names the model's category, or not one that is known: it counts at multiplier 1",
    "priced_by_tokens": "the sender said no cost, so the mapping's prices were used",
    "unreadable_address": "what stood for the client's address was none, and is left out",
    "no_call_id": "the sender's own id stands for the call's, and another source's repeat may not match it",
}
"""What ``Converted.reported`` counts, each with a sentence. A closed list, fit for labels of a metric."""

Reader = Callable[[Item, Counter[str]], Row]


def convert(items: Iterable[object], read: Reader) -> Converted:
    """Read every item; one that cannot be used costs itself alone."""
    result = Converted([], [], [], Counter())
    for index, item in enumerate(items):
        try:
            row = read(_require_object(item), result.reported)
        except FieldRefused as refused:
            result.rejected.append(Rejected(index, refused.pointer, refused.reason))
        else:
            result.usage.append(row)
            result.indexes.append(index)
    return result


def _require_object(item: object) -> Item:
    if isinstance(item, dict):
        return item
    raise FieldRefused("", item.reason if isinstance(item, Broken) else "is not a JSON object")
