"""Time replayed, without looking ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from grantguard.backtest import LOOKS, Backtest, backtest
from grantguard.contract import Tables
from grantguard.forest import Bundle
from grantguard.worlds import World


def last(world: World) -> datetime:
    newest = world.tables.usage["occurred_at"].max()
    assert isinstance(newest, datetime)
    return newest


@pytest.fixture(scope="module")
def replayed(world: World, bundle: Bundle) -> Backtest:
    return backtest(world.tables, bundle, world.truth, last(world))


def test_what_is_spent_is_spent_before_or_after_the_stop(replayed: Backtest) -> None:
    told = replayed.accounts
    assert (told["before"] + told["after"] - told["spent"]).abs().max() < 1e-6  # type: ignore[operator]


def test_who_is_never_stopped_loses_nothing(replayed: Backtest) -> None:
    assert replayed.accounts.filter(pl.col("stopped_at").is_null())["after"].sum() == 0


def test_stops_only_grow_with_age(replayed: Backtest) -> None:
    for role in ("abuse", "genuine"):
        assert replayed.ages.filter(role=role)["stopped"].diff().drop_nulls().min() >= 0  # type: ignore[operator]


def test_a_larger_budget_stops_no_fewer(replayed: Backtest) -> None:
    for name in ("saved", "withheld", "stopped_abuse", "stopped_genuine"):
        assert replayed.frontier[name].diff().drop_nulls().min() >= -1e-12  # type: ignore[operator]


def test_tranches_look_more_often(world: World, bundle: Bundle, replayed: Backtest) -> None:
    in_tranches = backtest(world.tables, bundle, world.truth, last(world), tranches=True)
    assert in_tranches.accounts["looks"].sum() > replayed.accounts["looks"].sum()


def test_one_look_is_one_a_grant(world: World, bundle: Bundle) -> None:
    once = backtest(world.tables, bundle, world.truth, last(world), looks=1)
    assert once.accounts["looks"].sum() <= world.tables.grants.height


def test_the_future_changes_no_stop(world: World, bundle: Bundle, replayed: Backtest) -> None:
    half = last(world) - timedelta(days=45)
    dated = {"usage": "occurred_at", "grants": "granted_at", "billing": "occurred_at", "accounts": "created_at"}
    cut = Tables.of(**{name: getattr(world.tables, name).filter(pl.col(when) <= half) for name, when in dated.items()})
    early = (
        backtest(cut, bundle, world.truth, half).accounts.drop_nulls("stopped_at").select("account_id", "stopped_at")
    )
    known = replayed.accounts.filter(pl.col("stopped_at") <= half).select("account_id", "stopped_at")
    assert early.sort("account_id").equals(known.sort("account_id"))


def test_labels_given_later_are_not_read(world: World, bundle: Bundle, replayed: Backtest) -> None:
    every = world.truth.select(
        "account_id",
        ring_id=pl.lit(None, pl.String),
        label=pl.lit("abuse"),
        labelled_at=pl.lit(last(world)),
        reviewer=pl.lit(None, pl.String),
        technique=pl.lit(None, pl.String),
    )
    tables = Tables.of(
        **{name: getattr(world.tables, name) for name in ("accounts", "grants", "usage", "billing", "campaigns")},
        labels=every,
    )
    assert backtest(tables, bundle, world.truth, last(world), looks=len(LOOKS)).accounts.equals(replayed.accounts)
