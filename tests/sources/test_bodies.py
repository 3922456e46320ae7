"""Bodies: one object, an array, or one a line, and a bad line costs itself alone."""

from __future__ import annotations

import pytest

from grantguard.errors import BodyUnreadable
from grantguard.sources.bodies import Broken, read_items


@pytest.mark.parametrize("body", [b'{"a": 1}\n{"a": 2}\n', b'[{"a": 1}, {"a": 2}]', b'{"a": 1}\r\n\r\n{"a": 2}'])
def test_an_array_and_lines_are_the_same(body: bytes) -> None:
    assert read_items(body) == [{"a": 1}, {"a": 2}]


def test_one_object_is_one_item_however_many_lines_it_takes() -> None:
    assert read_items(b'{\n "a": 1\n}') == [{"a": 1}]


@pytest.mark.parametrize("line", [b"{", b"\xff", b"[" * 100_000, b"9" * 5_000])
def test_a_bad_line_keeps_its_place_and_costs_itself_alone(line: bytes) -> None:
    first, bad, last = read_items(b'{"a": 1}\n' + line + b'\n{"a": 2}')
    assert (first, last) == ({"a": 1}, {"a": 2})
    assert isinstance(bad, Broken)


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe", b"[" * 100_000])
def test_a_body_without_json_is_refused_whole(body: bytes) -> None:
    with pytest.raises(BodyUnreadable, match="the body is not JSON"):
        read_items(body)
