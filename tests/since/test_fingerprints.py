"""An account's print is the same as long as its own rows say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from grantguard.contract import Tables
from grantguard.since.fingerprints import fingerprint_accounts

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
ASKED = {
    "category": "standard_chat",
    "input_tokens": 10,
    "output_tokens": 20,
    "credits": 1.0,
    "status": "ok",
}


def rows_of(**cells: object) -> Tables:
    usage = [
        {"event_id": f"{name}{hour}", "account_id": name, "occurred_at": NOON + timedelta(hours=hour), **ASKED, **cells}
        for name in ("ada", "bob")
        for hour in (0, 1)
    ]
    grants = [
        {
            "grant_id": "g",
            "account_id": "ada",
            "campaign": "start",
            "kind": "starter",
            "granted_at": NOON,
            "expires_at": NOON + timedelta(days=30),
            "credits": 100.0,
        }
    ]
    return Tables.of(usage=pl.DataFrame(usage), grants=pl.DataFrame(grants))


def prints(tables: Tables, at: datetime) -> dict[str, int]:
    return dict(fingerprint_accounts(tables, at).iter_rows())


def test_the_order_of_rows_changes_no_print() -> None:
    tables = rows_of()
    assert prints(replace(tables, usage=tables.usage.reverse()), NOON) == prints(tables, NOON)


def test_a_cell_changes_the_print_of_its_account_alone() -> None:
    tables = rows_of()
    mended = pl.when(pl.col("event_id") == "ada1").then(pl.lit("refunded")).otherwise("status")
    now = prints(replace(tables, usage=tables.usage.with_columns(status=mended)), NOON)
    assert {name for name, number in prints(tables, NOON).items() if now[name] != number} == {"ada"}


@pytest.mark.parametrize(("minutes", "changed"), [(30, set()), (60, {"ada", "bob"}), (60 * 24 * 30, {"ada", "bob"})])
def test_a_time_that_has_come_changes_the_print(minutes: int, changed: set[str]) -> None:
    then, now = prints(rows_of(), NOON), prints(rows_of(), NOON + timedelta(minutes=minutes))
    assert {name for name in then if then[name] != now[name]} == changed


def test_a_grant_that_lapses_is_news_to_its_account_alone() -> None:
    lapses = NOON + timedelta(days=30)
    then, now = prints(rows_of(), lapses - timedelta(seconds=1)), prints(rows_of(), lapses)
    assert {name for name in then if then[name] != now[name]} == {"ada"}


def test_a_row_that_stands_twice_is_not_the_same_as_none() -> None:
    tables = rows_of()
    twice = replace(tables, usage=pl.concat([tables.usage, tables.usage]))
    assert prints(twice, NOON) != prints(tables, NOON)


def test_campaigns_are_read_with_every_account() -> None:
    told = pl.DataFrame({"campaign": ["start"], "kind": ["launch"]})
    registered = replace(rows_of(), campaigns=Tables.of(campaigns=told).campaigns)
    assert not set(prints(registered, NOON).values()) & set(prints(rows_of(), NOON).values())
