"""Batches: every item is a row or a refusal, by its place, and what is reported is of a closed list."""

from __future__ import annotations

import re
from pathlib import Path

from grantguard.errors import FieldRefused
from grantguard.sources import converted
from grantguard.sources.bodies import Broken
from grantguard.sources.converted import REPORTED, Rejected, convert
from grantguard.sources.fields import Item


def keep(item: Item, _: object) -> Item:
    return item


def refuse(_: Item, __: object) -> Item:
    raise FieldRefused("/a", "is odd")


def test_a_row_keeps_its_items_place() -> None:
    result = convert([1, {"a": 1}, Broken("the line is not JSON"), {"a": 2}], keep)
    assert (result.usage, result.indexes) == ([{"a": 1}, {"a": 2}], [1, 3])
    assert result.rejected == [Rejected(0, "", "is not a JSON object"), Rejected(2, "", "the line is not JSON")]


def test_a_refusal_names_its_field() -> None:
    assert convert([{}], refuse).rejected == [Rejected(0, "/a", "is odd")]


def test_all_that_is_reported_has_its_sentence() -> None:
    sources = "".join(path.read_text() for path in Path(converted.__file__).parent.glob("*.py"))
    assert set(re.findall(r'reported\["(\w+)"\]', sources)) == set(REPORTED)
