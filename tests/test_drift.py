"""Whether the forest still fits."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from grantguard.contract import Tables
from grantguard.drift import Drift, find_distance, find_excess, find_instability, measure_drift
from grantguard.forest import Bundle
from grantguard.worlds import World, simulate


def last(world: World) -> datetime:
    newest = world.tables.usage["occurred_at"].max()
    assert isinstance(newest, datetime)
    return newest


def with_usage(tables: Tables, *columns: pl.Expr, **named: pl.Expr) -> Tables:
    return Tables.of(**(vars(tables) | {"usage": tables.usage.with_columns(*columns, **named)}))


@pytest.fixture(scope="module")
def unchanged(world: World, bundle: Bundle) -> Drift:
    return measure_drift(world.tables, bundle, last(world))


def test_the_same_accounts_have_not_drifted(unchanged: Drift) -> None:
    assert unchanged.reasons == ()


def test_the_same_accounts_have_no_signal_that_drifted(unchanged: Drift) -> None:
    assert not unchanged.signals["drifted"].any()


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_other_accounts_of_the_same_kind_need_no_new_forest(bundle: Bundle, seed: int) -> None:
    other = simulate(700, seed=seed, prevalence=0.05)
    assert measure_drift(other.tables, bundle, last(other)).reasons == ()


def test_a_population_of_scripts_needs_one(world: World, bundle: Bundle) -> None:
    scripted = with_usage(
        world.tables,
        pl.col("occurred_at").dt.truncate("10m"),
        input_tokens=pl.lit(4000, pl.Int64),
        output_tokens=pl.lit(10, pl.Int64),
    )
    assert measure_drift(scripted, bundle, last(world)).reasons


def test_a_column_that_became_one_proxy_is_named(world: World, bundle: Bundle) -> None:
    found = measure_drift(with_usage(world.tables, ip_hash=pl.lit("proxy")), bundle, last(world))
    assert [fault.column for fault in found.faults] == ["ip_hash"]


def test_a_family_whose_columns_went_dark_is_named(world: World, bundle: Bundle) -> None:
    dark = [pl.lit(None, pl.String).alias(name) for name in ("ip_hash", "ip_prefix_hash", "network", "country")]
    dark += [pl.lit(None, pl.String).alias(name) for name in ("device_hash", "client", "session_id")]
    assert "origin" in measure_drift(with_usage(world.tables, *dark), bundle, last(world)).silent_families


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_distribution_is_stable(seed: int) -> None:
    rng = np.random.default_rng(seed)
    then, now = rng.normal(size=4000), rng.normal(size=4000)
    assert find_instability(then, now, np.ones(4000))[0] < 0.02


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_shift_by_one_deviation_is_unstable(seed: int) -> None:
    rng = np.random.default_rng(seed)
    then, now = rng.normal(size=4000), rng.normal(1, size=4000)
    assert find_instability(then, now, np.ones(4000))[0] > 0.5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weights_make_two_mixtures_comparable(seed: int) -> None:
    rng = np.random.default_rng(seed)
    then = np.concatenate([rng.normal(0, 1, 3000), rng.normal(5, 1, 1000)])
    now = np.concatenate([rng.normal(0, 1, 1000), rng.normal(5, 1, 3000)])
    weight = np.repeat([1 / 3, 3.0], [3000, 1000])
    assert find_distance(then, now, weight) < 0.06 < find_distance(then, now, np.ones(4000))


def test_nothing_in_common_is_the_largest_distance() -> None:
    assert find_distance(np.zeros(9), np.ones(9), np.ones(9)) == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ties_leave_smoothed_p_values_uniform(seed: int) -> None:
    steps = np.random.default_rng(seed).choice([0.0, 0.4, 0.9], p=[0.4, 0.5, 0.1], size=4000)
    high = np.where(steps == 0.0, 0.4, np.where(steps == 0.4, 0.9, 1.0))
    assert find_excess(steps, high) < 0.03


def test_p_values_that_are_all_large_break_no_promise() -> None:
    assert find_excess(np.full(50, 0.99), np.ones(50)) == 0


def test_p_values_that_are_all_small_break_it() -> None:
    assert find_excess(np.zeros(50), np.full(50, 0.01)) == pytest.approx(0.99)
