"""Histories: who paid, when it ran dry, who else was there, as of a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from grantguard.contract import BILLING, GRANTS, USAGE, Tables, complete_columns
from grantguard.histories import Histories, Past, ask

NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=20)


def grant(name: str = "g1", account: str = "a1", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    row = {"grant_id": name, "account_id": account, "campaign": "c", "kind": "starter", "granted_at": NOON}
    return row | {"expires_at": NOON + timedelta(days=10), "credits": 10.0, "category": None} | changes


def event(number: int, account: str = "a1", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    row = {"event_id": f"e{number:03d}", "account_id": account, "occurred_at": NOON + timedelta(hours=number)}
    row |= {"category": "standard_chat", "input_tokens": 100, "output_tokens": 50, "credits": 1.0, "status": "ok"}
    return row | changes


def account(name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    return {"account_id": name, "created_at": NOON - timedelta(days=1), "plan": "free"} | changes


def tables(
    accounts: list[dict[str, Any]] | None = None,
    grants: list[dict[str, Any]] | None = None,
    usage: list[dict[str, Any]] | None = None,
    billing: list[dict[str, Any]] | None = None,
) -> Tables:
    rows = {"accounts": accounts, "grants": grants, "usage": usage, "billing": billing}
    return Tables.of(**{name: pl.DataFrame(each, infer_schema_length=None) for name, each in rows.items() if each})


def up_to(given: Tables, *names: str, at: datetime = LATER) -> Histories:
    return Past.of(given).up_to(ask(list(names) or ["a1"], at))


def charged_to(given: Tables) -> list[str | None]:
    return Past.of(given).events["charged_to"].to_list()


def test_a_row_is_charged_to_the_grant_that_it_names() -> None:
    assert charged_to(tables(grants=[grant()], usage=[event(1, grant_id="g1")])) == ["g1"]


def test_a_silent_row_is_charged_to_the_grant_that_expires_first() -> None:
    soon = grant("soon", expires_at=NOON + timedelta(days=2))
    assert charged_to(tables(grants=[grant("late"), soon], usage=[event(1)])) == ["soon"]


def test_a_silent_row_goes_to_the_next_grant_when_one_is_spent() -> None:
    soon = grant("soon", expires_at=NOON + timedelta(days=2), credits=2.0)
    rows = [event(i) for i in range(1, 5)]
    assert charged_to(tables(grants=[grant("late"), soon], usage=rows)) == ["soon", "soon", "late", "late"]


def test_a_silent_row_is_nobodys_when_all_are_spent() -> None:
    rows = [event(i) for i in range(1, 4)]
    assert charged_to(tables(grants=[grant(credits=2.0)], usage=rows)) == ["g1", "g1", None]


def test_a_paid_row_is_charged_to_no_grant() -> None:
    assert charged_to(tables(grants=[grant()], usage=[event(1, funding="paid")])) == [None]


def test_a_specialised_grant_pays_for_its_category_alone() -> None:
    rows = [event(1), event(2, category="tool_use")]
    assert charged_to(tables(grants=[grant(category="tool_use")], usage=rows)) == [None, "g1"]


def test_one_id_that_two_accounts_were_given_is_a_grant_of_each() -> None:
    rows = [event(1, grant_id="g1"), event(2, "a2", grant_id="g1")]
    events = Past.of(tables(grants=[grant(), grant(account="a2")], usage=rows)).events
    assert sorted(events.select("account_id", "grant_row").rows()) == [("a1", 0), ("a2", 1)]


def test_a_grant_pays_for_nothing_before_it_was_given() -> None:
    assert charged_to(tables(grants=[grant(granted_at=NOON + timedelta(hours=2))], usage=[event(1)])) == [None]


def test_what_was_refunded_was_not_spent() -> None:
    past = Past.of(tables(grants=[grant()], usage=[event(1, grant_id="g1", status="refunded")]))
    assert past.events["promo_credits"].to_list() == [0.0]


def test_a_credit_is_worth_more_in_extended_context() -> None:
    rows = [event(1, grant_id="g1", category="extended_context")]
    assert Past.of(tables(grants=[grant()], usage=rows)).events["promo_value"].to_list() == [3.5]


def test_a_grant_drains_until_half_of_it_is_spent() -> None:
    histories = up_to(tables(grants=[grant()], usage=[event(i, grant_id="g1") for i in range(1, 11)]))
    assert histories.grants["drain"].to_list() == [4 * 3600.0]


def test_a_grant_that_is_not_drained_has_no_drain_time() -> None:
    histories = up_to(tables(grants=[grant()], usage=[event(1, grant_id="g1")]))
    assert histories.grants["drain"].to_list() == [None]


def test_silence_counts_the_days_since_a_grant_ran_dry() -> None:
    histories = up_to(tables(grants=[grant(credits=1.0)], usage=[event(0, grant_id="g1")]))
    assert histories.grants["silence"].to_list() == [20.0]


def test_silence_ends_with_the_next_served_request() -> None:
    rows = [event(0, grant_id="g1"), event(24, funding="paid")]
    assert up_to(tables(grants=[grant(credits=1.0)], usage=rows)).grants["silence"].to_list() == [1.0]


def test_a_grant_never_used_is_a_row_without_use() -> None:
    histories = up_to(tables(grants=[grant()]))
    assert histories.grants.select("spent", "wait", "drain").row(0) == (0.0, None, None)


def test_usage_of_an_account_that_nobody_declared_is_kept() -> None:
    histories = up_to(tables(usage=[event(1, account="stranger")]), "stranger")
    assert histories.usage.height == 1


def test_an_account_without_usage_has_rows_of_its_own_nowhere() -> None:
    histories = up_to(tables(accounts=[account("a1")]))
    assert histories.usage.is_empty()


def test_ties_count_the_others_that_had_shown_a_value_by_then() -> None:
    pair = [account("a1", signup_device_hash="d"), account("a2", signup_device_hash="d", created_at=LATER)]
    given = tables(accounts=pair)
    before, after = (up_to(given, at=at).ties["others"].to_list() for at in (NOON, LATER))
    assert (before, after) == ([0], [1])


def test_a_payer_among_the_holders_is_counted_from_the_first_payment() -> None:
    pair = [account("a1", signup_device_hash="d"), account("a2", signup_device_hash="d")]
    paid = [{"billing_id": "b", "account_id": "a2", "occurred_at": NOON, "kind": "payment", "amount_usd": 5.0}]
    given = tables(accounts=pair, billing=paid)
    before, after = (up_to(given, at=at).ties["payers"].to_list() for at in (NOON - timedelta(hours=1), LATER))
    assert (before, after) == ([0], [1])


def test_an_instrument_is_known_from_the_first_bill_on() -> None:
    bill = [{"billing_id": "b", "account_id": "a1", "occurred_at": NOON, "kind": "subscribe", "amount_usd": 0.0}]
    given = tables(accounts=[account("a1", payment_hash="card")], billing=bill)
    before, after = (up_to(given, at=at).ties.height for at in (NOON - timedelta(hours=1), LATER))
    assert (before, after) == (0, 1)


def test_two_on_one_device_are_kin_and_a_ring() -> None:
    histories = up_to(tables(accounts=[account("a1", signup_device_hash="d"), account("a2", signup_device_hash="d")]))
    assert histories.kin["other"].to_list() == ["a2"]
    assert histories.rings["ring_id"].n_unique() == 1


def test_a_campus_makes_nobody_kin() -> None:
    crowd = [account(f"a{i}", signup_ip_hash="campus") for i in range(60)]
    assert up_to(tables(accounts=crowd)).kin.is_empty()


def test_a_class_shares_its_room_and_a_farm_its_script_alone() -> None:
    rows = [event(1, "a1", template_hash="t", ip_hash="x"), event(2, "a2", template_hash="t", ip_hash="y")]
    farm = up_to(tables(usage=rows)).kin.row(0, named=True)
    assert (farm["script"], farm["room"]) == (True, False)


def test_kin_know_when_the_next_began_after_one_ran_dry() -> None:
    pair = [account("a1", signup_device_hash="d"), account("a2", signup_device_hash="d")]
    rows = [event(0, grant_id="g1"), event(3, "a2")]
    given = tables(accounts=pair, grants=[grant(credits=1.0)], usage=rows)
    assert up_to(given).kin["cycle_gap"].to_list() == [3.0]


@pytest.mark.parametrize("table", [USAGE, GRANTS, BILLING])
def test_missing_optional_columns_are_null(table: Any) -> None:  # noqa: ANN401 - a table
    required = pl.DataFrame(schema={name: table.schema[name] for name in table.required})
    assert complete_columns(required, table).schema == table.schema


def test_hand_over_is_a_machine_and_a_network_that_came_together_late() -> None:
    old = [event(i, device_hash="d1", network="AS1") for i in range(25)]
    new = [event(i, device_hash="d2", network="AS2") for i in range(25, 30)]
    assert Past.of(tables(usage=old + new)).events["foreign"].to_list() == [False] * 25 + [True] * 5


def test_a_new_device_on_the_old_network_is_no_hand_over() -> None:
    old = [event(i, device_hash="d1", network="AS1") for i in range(25)]
    new = [event(i, device_hash="d2", network="AS1") for i in range(25, 30)]
    assert not Past.of(tables(usage=old + new)).events["foreign"].any()
