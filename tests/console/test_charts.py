"""Charts and the sentences beside them, from rows alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from grantguard.console.charts import DAYS, HOURS, MOST_POINTS, Mark, draw_burn, draw_sizes, draw_use
from grantguard.console.hints import HINTS, hint_at
from grantguard.console.lookalikes import LOOKALIKES, SHOWN, find_lookalikes
from grantguard.console.testimony import speak_for
from grantguard.contract import BILLING, GRANTS, USAGE, complete_columns
from grantguard.histories import charge_alone
from grantguard.signals import CATALOGUE

GIVEN = datetime(2025, 5, 10, 7, 41, tzinfo=UTC)
NAMES = {each.name for each in CATALOGUE}


def given() -> pl.DataFrame:
    row = {"grant_id": "g", "account_id": "ada", "campaign": "welcome", "kind": "starter", "granted_at": GIVEN}
    return complete_columns(pl.DataFrame([row | {"credits": 10.0}]), GRANTS)


def used(*hours: float, tokens: int = 100, **more: Any) -> pl.DataFrame:  # noqa: ANN401 - any column's value
    event = {
        "account_id": "ada",
        "category": "standard_chat",
        "input_tokens": tokens,
        "output_tokens": 1,
        "status": "ok",
    }
    rows = [
        event
        | {"event_id": f"e{i}", "occurred_at": GIVEN + timedelta(hours=hour), "credits": 1.0, "status": "ok"}
        | more
        for i, hour in enumerate(hours)
    ]
    return charge_alone(complete_columns(pl.DataFrame(rows, schema_overrides={"credits": pl.Float64}), USAGE), given())


def paid(*kinds: str) -> pl.DataFrame:
    rows = [
        {"billing_id": f"b{i}", "account_id": "ada", "occurred_at": GIVEN, "kind": kind, "amount_usd": 10.0}
        for i, kind in enumerate(kinds)
    ]
    return complete_columns(pl.DataFrame(rows), BILLING) if rows else BILLING.empty()


def test_a_burn_curve_begins_at_nothing_and_rises_to_what_was_spent() -> None:
    line = draw_burn(used(1, 2, 3), given(), [], GIVEN).figure["data"][0]
    assert (line["y"][0], line["y"][-1]) == (0.0, 0.3)
    assert line["x"][-1] == 0.125


def test_its_table_says_how_long_a_grant_lasted() -> None:
    (row,) = draw_burn(used(*range(24)), given(), [], GIVEN).rows
    assert row[-3:] == ("100%", "0.17", "0.38")


def test_a_curve_of_many_events_is_thinned_and_ends_where_it_ended() -> None:
    many = [i / 1000 for i in range(5_000)]
    line = draw_burn(used(*many, credits=0.001), given(), [], GIVEN).figure["data"][0]
    assert len(line["x"]) == MOST_POINTS + 1
    assert line["y"][-1] == 0.5


def test_what_happened_is_marked_by_kind() -> None:
    marks = [Mark(GIVEN, "grant", "starter"), Mark(GIVEN + timedelta(days=1), "decision", "hold")]
    drawn = draw_burn(used(1), given(), marks, GIVEN).figure["data"][1:]
    assert [(each["name"], each["marker"]["symbol"], each["x"]) for each in drawn] == [
        ("grant", "triangle-up", [0.0]),
        ("decision", "diamond", [1.0]),
    ]


def test_use_is_told_by_elapsed_day_and_hour_and_never_by_the_clock() -> None:
    (heat,) = draw_use(used(0.5, 25.2, 25.8), GIVEN).figure["data"]
    assert list(zip(heat["y"], heat["x"], strict=True)) == [(0, 0), (1, 1)]
    assert heat["text"][1] == "day 1, hour 1: 2 requests"


def test_who_uses_at_another_hour_of_the_day_has_the_same_map() -> None:
    later = timedelta(hours=9)
    moved = used(0.5, 25.2).with_columns(pl.col("occurred_at") + later)
    assert draw_use(used(0.5, 25.2), GIVEN) == draw_use(moved, GIVEN + later)


def test_use_long_after_the_grant_is_left_out_of_the_map() -> None:
    (heat,) = draw_use(used(1, HOURS * DAYS + 1), GIVEN).figure["data"]
    assert heat["y"] == [0]


def test_sizes_are_shares_of_requests() -> None:
    chart = draw_sizes(
        used(1, 2, tokens=1_000),
        used(1, tokens=5_000),
    )
    assert ("1 k", "100.0%", "0.0%") in chart.rows
    assert ("16 k", "0.0%", "100.0%") in chart.rows


def test_payments_retention_and_depth_speak_for_an_account() -> None:
    usage = used(*(24.0 * i for i in range(20)), session_id="s")
    said = speak_for(usage, given(), paid("payment", "payment"))
    assert said == [
        "Paid twice, 20 USD in all; nothing was taken back.",
        "Came back: active on 20 of 20 days.",
        "Stayed when the promotional credit was spent: 10 requests since.",
        "Goes into things: 1 of 1 sessions have 5 requests or more.",
    ]


def test_money_that_was_taken_back_is_told_too() -> None:
    assert "money was taken back once" in speak_for(used(1), given(), paid("payment", "chargeback"))[0]


def test_nothing_speaks_for_an_account_that_did_nothing() -> None:
    assert speak_for(used(1, 2, *[3] * 8), given(), paid()) == []


def test_hints_and_look_alikes_name_signals_that_there_are() -> None:
    assert set(HINTS) <= NAMES
    assert {name for each in LOOKALIKES for name in each.signals} <= NAMES


def test_the_strongest_reason_that_hints_at_anything_is_the_hint() -> None:
    assert hint_at(["gap_variation", "milestone_washing", "cycling"]) == "milestone washing"
    assert hint_at(["gap_variation"]) is None


def test_the_likeliest_look_alikes_come_first_and_are_few() -> None:
    found = find_lookalikes(["twins", "shared_address", "template_repetition"])
    assert found[0].name == "classroom"
    assert len(found) == SHOWN
    assert find_lookalikes([]) == ()


def test_a_long_name_is_cut_in_the_legend_and_whole_in_the_table() -> None:
    long = given().with_columns(grant_id=pl.lit("g" * 200))
    chart = draw_burn(used(1), long, [], GIVEN)
    assert len(chart.figure["data"][0]["name"]) == 25
    assert chart.rows[0][0] == "g" * 200
