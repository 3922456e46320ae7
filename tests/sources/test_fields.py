"""Fields: what is known, what is not, and what cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.errors import FieldRefused
from grantguard.sources.fields import epoch, find, moment, number, point, spell, text, whole


@pytest.mark.parametrize("item", [{}, {"a": None}, {"a": ""}, {"a": {"b": ""}}, {"a": 7}])
def test_what_is_not_there_is_not_known(item: dict[str, object]) -> None:
    assert find(item, "a", "b") is None


def test_a_number_may_name_somebody() -> None:
    assert text({"a": 7}, "a") == "7"


@pytest.mark.parametrize("value", ["nul\0", "\ud800", True, [], {}, 1.5, 2**70])
def test_what_no_column_of_text_holds_is_refused(value: object) -> None:
    with pytest.raises(FieldRefused, match=r"^/a: "):
        text({"a": value}, "a")


@pytest.mark.parametrize("value", ["1", True, -1, float("nan"), float("inf"), 10**400, []])
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(FieldRefused, match=r"^/a: "):
        number({"a": value}, "a")


def test_a_fraction_is_no_count() -> None:
    assert whole({"a": 2.0}, "a") == 2
    with pytest.raises(FieldRefused, match="whole"):
        whole({"a": 2.5}, "a")


@given(st.integers(0, 2**63 - 1))
def test_a_count_keeps_every_digit(value: int) -> None:
    assert whole({"a": value}, "a") == value


def test_a_moment_may_be_seconds_or_a_text() -> None:
    assert epoch({"a": 0.5}, "a") == datetime(1970, 1, 1, microsecond=500_000, tzinfo=UTC)
    assert moment({"a": "2025-03-01T14:00:00+02:00"}, "a") == datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2025-03-01T12:00:00", "2025-03-01", "soon", "0001-01-01T00:00:00+23:00"])
def test_a_time_without_its_offset_is_refused(value: str) -> None:
    with pytest.raises(FieldRefused, match="offset"):
        moment({"a": value}, "a")


def test_seconds_past_all_calendars_are_refused() -> None:
    with pytest.raises(FieldRefused, match="no moment"):
        epoch({"a": 1e18}, "a")


def test_a_moment_is_spelt_in_utc() -> None:
    assert spell(datetime(2025, 3, 1, 12, tzinfo=UTC)) == "2025-03-01T12:00:00.000000Z"


def test_a_pointer_escapes_what_it_must() -> None:
    assert point("a/b", "c~d") == "/a~1b/c~0d"
