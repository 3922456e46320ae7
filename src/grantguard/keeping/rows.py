"""Rows as they were sent, as a checked frame: what is good in the contract's types, what is bad with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from grantguard.checking import check
from grantguard.contract import Table

Row = dict[str, Any]


class NotFlat(ValueError):
    """A row holds an object or a list."""


@dataclass(frozen=True)
class Bad:
    """A row that cannot be kept: its place, the JSON pointer of what is wrong in it, and why."""

    index: int
    pointer: str
    reason: str


@dataclass(frozen=True)
class Parted:
    """Good rows with ``index``, their places, and bad ones."""

    good: pl.DataFrame
    bad: list[Bad]


def part(items: list[Any], table: Table, now: datetime) -> Parted:
    """Part the rows by ``table``; a row that is not flat, or no text of any alphabet, is bad as a whole."""
    try:  # nearly every batch has no such row, and is not looked through for one
        return _part(list(range(len(items))), items, [], table, now)
    except (AttributeError, NotFlat, UnicodeEncodeError):
        faults = [_find_fault(item) for item in items]
    bad = [Bad(index, "", fault) for index, fault in enumerate(faults) if fault]
    places = [index for index, fault in enumerate(faults) if not fault]
    return _part(places, [items[index] for index in places], bad, table, now)


def _part(places: list[int], rows: list[Row], bad: list[Bad], table: Table, now: datetime) -> Parted:
    index = pl.Series("index", places, dtype=pl.Int64)
    frame = as_frame(rows, table).with_columns(index)
    checked = check(frame.lazy(), table, now)
    broken, good = pl.collect_all([checked.bad.select("index", "reason"), checked.good])
    kept = index.filter(~index.is_in(broken["index"].implode())) if broken.height else index
    return Parted(good.with_columns(kept), bad + [Bad(index, *point(reason)) for index, reason in broken.iter_rows()])


def as_frame(rows: Iterable[Row], table: Table) -> pl.DataFrame:
    """The rows' columns of ``table``, all as text, for ``check`` to read."""
    texts = {
        name: [value if (value := row.get(name)) is None or value.__class__ is str else _as_text(value) for row in rows]
        for name in table.schema
    }
    return pl.DataFrame(texts, schema=dict.fromkeys(table.schema, pl.String))


def point(reason: str) -> tuple[str, str]:
    """The JSON pointer of the field that a reason names, and the rest of it."""
    field, _, rest = reason.partition(": ")
    return (f"/{field}", rest) if rest else (f"/{reason.split(' ', 1)[0]}", reason)


def _find_fault(item: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    if item.__class__ is not dict:
        return str(getattr(item, "reason", "is not a JSON object"))
    for value in item.values():
        if value.__class__ in (dict, list):
            return "holds an object or a list; a row's values are single"
        if value.__class__ is str and not value.isascii() and not _is_text(value):
            return "holds half of a surrogate pair, which is no text"
    return None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_text(value: Any) -> str:  # noqa: ANN401 - a number or a truth value
    if isinstance(value, (dict, list)):
        raise NotFlat
    return str(value).lower() if isinstance(value, bool) else str(value)
