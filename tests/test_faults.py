"""A column that says the same of everybody says nothing of anybody."""

from __future__ import annotations

import polars as pl
import pytest

from grantguard.contract import Tables
from grantguard.faults import LEAST_ACCOUNTS, find_faults, leave_out
from grantguard.histories import Past, ask
from grantguard.signals import extract
from grantguard.worlds import World


def behind_one_proxy(tables: Tables) -> Tables:
    return Tables.of(**(vars(tables) | {"usage": tables.usage.with_columns(ip_hash=pl.lit("proxy"))}))


def test_a_sound_world_has_none(world: World) -> None:
    assert find_faults(world.tables) == ()


def test_one_proxy_before_everybody_is_one(world: World) -> None:
    (fault,) = find_faults(behind_one_proxy(world.tables))
    assert (fault.table, fault.column, fault.share) == ("usage", "ip_hash", 1.0)


def test_it_says_where_and_what_to_do(world: World) -> None:
    (fault,) = find_faults(behind_one_proxy(world.tables))
    assert "usage.ip_hash: 100% of" in str(fault)
    assert "mend the source" in str(fault)


def test_a_classroom_is_none(world: World) -> None:
    few = world.tables.accounts["account_id"].head(LEAST_ACCOUNTS - 1).implode()
    room = {name: getattr(world.tables, name).filter(pl.col("account_id").is_in(few)) for name in ("usage", "accounts")}
    assert find_faults(behind_one_proxy(Tables.of(**(vars(world.tables) | room)))) == ()


@pytest.mark.parametrize("column", ["ip_hash", "ip_prefix_hash", "network", "country"])
def test_what_is_made_of_it_is_not_known_either(world: World, column: str) -> None:
    wrong = behind_one_proxy(world.tables)
    assert leave_out(wrong, find_faults(wrong)).usage[column].null_count() == wrong.usage.height


def test_its_signals_fall_silent(world: World) -> None:
    wrong = behind_one_proxy(world.tables)
    past = Past.of(leave_out(wrong, find_faults(wrong)))
    at = world.tables.usage["occurred_at"].max()
    signals = extract(past.up_to(ask(past.account_ids, at)))  # type: ignore[arg-type]
    assert signals["networks"].null_count() == signals.height
