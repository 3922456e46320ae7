"""Company: which of an account's kin stand nearest."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from grantguard.histories import CAMPAIGN, find_nearest
from grantguard.histories.kin import MOST_NEAR, PAIR, SOFT_AT_MOST

NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)


def kin(*others: tuple[str, float, float]) -> pl.DataFrame:
    """Others of one account: their names, how strong the pair is, and hours between the openings of the two."""
    rows = [{"other": name, "strength": strength, "hours_apart": hours} for name, strength, hours in others]
    pairs = pl.DataFrame(rows).with_columns(account_id=pl.lit("a"), at=pl.lit(NOON), subject=pl.lit(0))
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in PAIR.items() if name not in pairs.columns]
    return pairs.with_columns(missing).select(PAIR.names()).cast(PAIR)


def test_who_shares_only_what_many_share_is_no_company() -> None:
    assert find_nearest(kin(("b", 0.1, 1.0))).is_empty()


def test_nobody_has_no_company() -> None:
    assert find_nearest(PAIR.to_frame()).is_empty()


def test_of_many_the_strongest_are_company() -> None:
    many = kin(*((f"b{number:02}", 0.3 + number / 100, 1.0) for number in range(30)))
    assert find_nearest(many)["other"].to_list() == [f"b{number:02}" for number in range(29, 29 - MOST_NEAR, -1)]


def test_of_pairs_as_strong_those_that_opened_together_are_nearer() -> None:
    many = kin(*((f"b{number:02}", 0.5, 30.0 - number) for number in range(30)))
    assert find_nearest(many)["other"].to_list()[0] == "b29"


def test_the_last_digits_of_a_sum_make_nobody_nearer() -> None:
    sums = (0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1)
    assert sums[0] != sums[1]
    many = kin(*((f"b{number:02}", sums[number < 20], 1.0) for number in range(30)))
    assert find_nearest(many)["other"].to_list() == [f"b{number:02}" for number in range(MOST_NEAR)]


def by_script(strength: float, hours: float) -> pl.DataFrame:
    """One who sends the same template from another room."""
    return kin(("b", strength, hours)).with_columns(script=pl.lit(value=True), room=pl.lit(value=False))


def test_a_script_that_was_found_weeks_apart_makes_no_company() -> None:
    assert find_nearest(by_script(SOFT_AT_MOST, CAMPAIGN + 1)).is_empty()


def test_a_script_of_one_campaign_makes_company() -> None:
    assert find_nearest(by_script(SOFT_AT_MOST, CAMPAIGN)).height == 1


def test_a_script_and_a_machine_make_company_whenever_they_came() -> None:
    assert find_nearest(by_script(SOFT_AT_MOST + 0.5, CAMPAIGN + 1)).height == 1
