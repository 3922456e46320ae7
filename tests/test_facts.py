"""Facts: whose bank took money back is told from who took it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from grantguard.contract import Tables
from grantguard.facts import describe_accounts
from grantguard.histories import Past, ask

OPENED = datetime(2025, 5, 1, 12, tzinfo=UTC)


def facts_of(*bills: tuple[float, str], days: float = 90) -> dict[str, object]:
    """What is known of an account, so many days after it opened, that was billed at these days."""
    rows = [
        {"account_id": "ada", "occurred_at": OPENED + timedelta(days=day), "kind": kind, "amount_usd": 20.0}
        for day, kind in bills
    ]
    accounts = pl.DataFrame([{"account_id": "ada", "created_at": OPENED, "plan": "pro"}])
    past = Past.of(Tables.of(accounts=accounts, billing=pl.DataFrame(rows)))
    histories = past.up_to(ask(["ada"], OPENED + timedelta(days=days)))
    return describe_accounts(past, histories.asked, histories.rings).row(0, named=True)


def test_a_chargeback_in_the_first_month_counts() -> None:
    assert facts_of((0, "payment"), (10, "payment"), (20, "chargeback"))["chargebacks"] == 1


def test_a_chargeback_after_one_payment_alone_counts_however_late() -> None:
    assert facts_of((0, "payment"), (60, "chargeback"))["chargebacks"] == 1


def test_a_chargeback_after_a_month_of_payments_is_a_customers() -> None:
    assert facts_of((0, "payment"), (30, "payment"), (45, "chargeback"))["chargebacks"] == 0


def test_payments_that_follow_a_chargeback_do_not_make_it_a_customers() -> None:
    assert facts_of((0, "payment"), (40, "chargeback"), (50, "payment"))["chargebacks"] == 1


def test_money_came_back_from_a_steady_payer_all_the_same() -> None:
    assert facts_of((0, "payment"), (30, "payment"), (45, "chargeback"))["taken_back"]


@pytest.mark.parametrize(("days", "told"), [(19, 0), (20, 1)])
def test_a_chargeback_is_known_from_its_moment_on(days: float, told: int) -> None:
    assert facts_of((0, "payment"), (20, "chargeback"), days=days)["chargebacks"] == told
