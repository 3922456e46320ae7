"""Checking: what is safe is coerced, what is not is parted with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from grantguard.checking import check, is_of_another_account, merge_repeats
from grantguard.contract import ACCOUNTS, GRANTS, LABELS, TIME, USAGE, Table

NOW = datetime(2025, 6, 1, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "event_id": "e1",
    "account_id": "a1",
    "occurred_at": "2025-05-01T10:00:00Z",
    "category": "standard_chat",
    "input_tokens": "12",
    "output_tokens": "30",
    "credits": "0.5",
    "status": "ok",
}


def good(table: Table = USAGE, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    rows = check(pl.LazyFrame([EVENT | changes]), table, NOW).good.collect()
    assert rows.height == 1
    return rows.row(0, named=True)


def reason(**changes: Any) -> str:  # noqa: ANN401 - any column's value
    rows = check(pl.LazyFrame([EVENT | changes]), USAGE, NOW).bad.collect()
    assert rows.height == 1
    return str(rows["reason"][0])


def test_a_good_row_has_the_contracts_types() -> None:
    assert check(pl.LazyFrame([EVENT]), USAGE, NOW).good.collect_schema() == USAGE.schema


@pytest.mark.parametrize(
    "written",
    [
        "2025-05-01T10:00:00Z",
        "2025-05-01T12:00:00+02:00",
        "2025-05-01T05:00:00-0500",
        "2025-05-01 10:00",
        "2025-05-01T10:00:00.000000",
    ],
)
def test_iso_times_become_utc(written: str) -> None:
    assert good(occurred_at=written)["occurred_at"] == datetime(2025, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("column", ["event_id", "session_id", "status"])
def test_a_nul_character_is_refused(column: str) -> None:
    assert reason(**{column: "a\0b"}).startswith(f"{column}: ")


@pytest.mark.parametrize("year", [-5, 0, 10_000, 12_025])
def test_a_time_outside_the_calendar_is_refused(year: int) -> None:
    moment = pl.Series("deleted_at", [(year - 1970) * 31_556_952_000_000]).cast(TIME)
    frame = pl.DataFrame({"account_id": ["a1"], "created_at": [NOW], "plan": ["free"], "deleted_at": moment})
    bad = check(frame.lazy(), ACCOUNTS, NOW).bad.collect()
    assert bad["reason"].to_list() == ["deleted_at: lies outside the years 1 to 9999"]


def test_a_date_is_its_midnight() -> None:
    assert good(occurred_at="2025-05-01")["occurred_at"] == datetime(2025, 5, 1, tzinfo=UTC)


def test_a_naive_timestamp_is_utc() -> None:
    assert good(occurred_at=datetime(2025, 5, 1, 10))["occurred_at"] == datetime(2025, 5, 1, 10, tzinfo=UTC)  # noqa: DTZ001


def test_an_integer_is_a_fine_float() -> None:
    assert good(credits=2)["credits"] == 2.0


def test_a_whole_float_is_a_fine_integer() -> None:
    assert good(input_tokens=12.0)["input_tokens"] == 12


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"credits": "-1"}, "credits: '-1' is negative"),
        ({"credits": "nan"}, "credits: 'nan' is not a finite number"),
        ({"credits": "inf"}, "credits: 'inf' is not a finite number"),
        ({"credits": "much"}, "credits: 'much' is not a number"),
        ({"input_tokens": "1.5"}, "input_tokens: '1.5' is not a whole number"),
        ({"occurred_at": "yesterday"}, "is in no known form of time"),
        ({"occurred_at": "1746093600"}, "is in no known form of time"),
        ({"occurred_at": "1999-12-31T23:59:59Z"}, "lies before the year 2000"),
        ({"occurred_at": "2025-06-03T00:00:00Z"}, "lies more than a day after this machine's clock"),
        ({"status": "done"}, "status: 'done' is not one of ok, error, cancelled, refunded"),
        ({"category": "poetry"}, "category: 'poetry' is not one of"),
        ({"account_id": ""}, "account_id is missing"),
        ({"event_id": None}, "event_id is missing"),
    ],
)
def test_what_is_not_safe_is_parted_with_a_reason(changes: dict[str, Any], expected: str) -> None:
    assert expected in reason(**changes)


def test_a_boolean_is_no_number() -> None:
    assert "is not a number" in reason(credits=True)


def test_a_row_an_hour_ahead_of_the_clock_is_fine() -> None:
    assert good(occurred_at="2025-06-01T01:00:00Z")


def test_a_hash_is_never_quoted() -> None:
    labels = pl.LazyFrame([{"label": "abuse", "labelled_at": "x", "account_id": "a"}])
    assert "x" in check(labels, LABELS, NOW).bad.collect()["reason"][0]
    assert "secret" not in reason(device_hash="secret", credits="-1")


def test_a_label_needs_an_account_or_a_ring() -> None:
    labels = pl.LazyFrame([{"label": "abuse", "labelled_at": "2025-05-01"}])
    assert check(labels, LABELS, NOW).bad.collect()["reason"][0] == "account_id or ring_id is missing"


def test_a_grant_of_nothing_is_bad() -> None:
    grant = {"grant_id": "g", "account_id": "a", "campaign": "c", "kind": "starter", "granted_at": "2025-05-01"}
    bad = check(pl.LazyFrame([grant | {"credits": 0}]), GRANTS, NOW).bad.collect()
    assert "is not greater than 0" in bad["reason"][0]


def events(**columns: list[Any]) -> pl.DataFrame:
    size = len(next(iter(columns.values())))
    rows = [EVENT | {name: values[i] for name, values in columns.items()} for i in range(size)]
    return check(pl.LazyFrame(rows), USAGE, NOW).good.collect()


def test_a_repeat_is_one_event() -> None:
    assert merge_repeats(events(event_id=["e1", "e1", "e2"]), USAGE)["event_id"].sort().to_list() == ["e1", "e2"]


@pytest.mark.parametrize("statuses", [["ok", "refunded"], ["refunded", "ok"]])
def test_a_repeat_may_turn_ok_into_refunded_and_never_back(statuses: list[str]) -> None:
    assert merge_repeats(events(status=statuses), USAGE)["status"].to_list() == ["refunded"]


@given(st.permutations([("e1", 1), ("e1", 2), ("e1", 3), ("e2", 4)]))
@settings(max_examples=24, deadline=None)
def test_which_repeat_is_kept_does_not_depend_on_order(order: list[tuple[str, int]]) -> None:
    frame = events(event_id=[name for name, _ in order], credits=[amount for _, amount in order])
    assert_frame_equal(
        merge_repeats(frame, USAGE).sort("event_id").select("event_id", "credits"),
        pl.DataFrame({"event_id": ["e1", "e2"], "credits": [1.0, 4.0]}),
    )


def test_a_grant_of_another_account_is_found_and_an_undeclared_one_is_not_blamed() -> None:
    grants = pl.DataFrame({"grant_id": ["g1"], "account_id": ["somebody else"]})
    usage = pl.DataFrame({"grant_id": ["g1", "g2", None], "account_id": ["a1", "a1", "a1"]})
    assert is_of_another_account(grants, usage).to_list() == [True, False, False]


def test_a_grant_that_two_accounts_were_given_is_of_either() -> None:
    grants = pl.DataFrame({"grant_id": ["g1", "g1"], "account_id": ["somebody else", "a1"]})
    usage = pl.DataFrame({"grant_id": ["g1", "g1"], "account_id": ["a1", "a2"]})
    assert is_of_another_account(grants, usage).to_list() == [False, True]


VALUES = st.one_of(st.none(), st.text(max_size=6), st.integers(-5, 5).map(str), st.floats(-2, 2).map(str))


@given(st.lists(st.fixed_dictionaries({"credits": VALUES, "input_tokens": VALUES, "occurred_at": VALUES}), max_size=8))
@settings(max_examples=60, deadline=None)
def test_every_row_is_either_good_or_bad(changes: list[dict[str, Any]]) -> None:
    frame = pl.LazyFrame([EVENT | each for each in changes], schema=dict.fromkeys(EVENT, pl.String))
    checked = check(frame, USAGE, NOW)
    assert checked.good.collect().height + checked.bad.collect().height == len(changes)
    assert checked.bad.collect()["reason"].null_count() == 0
