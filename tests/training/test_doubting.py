"""Gamers in the reference: how many there are, and that many are cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

import numpy as np
import polars as pl
import pytest

from grantguard.forest import Bundle
from grantguard.training import Known, Recipe, train
from grantguard.training.doubting import UNCOUNTED, count_gaming, doubt
from grantguard.training.reference import split_reference
from grantguard.training.whole import Whole
from grantguard.worlds import World, simulate

SMALL = Recipe(trees=60, sample=256)


@pytest.fixture(scope="module")
def whole(world: World) -> Whole:
    return Whole.of(world.tables, cast("datetime", world.tables.usage["occurred_at"].max()), SMALL)


def draw(seed: int, share: float, count: int = 4_000) -> np.ndarray:
    """Scores of accounts of which a share games."""
    rng = np.random.default_rng(seed)
    gaming = int(share * count)
    return np.concatenate([rng.normal(3, 1, gaming), rng.normal(0, 1, count - gaming)])


def count(seed: int, share: float) -> float:
    taught, abuse = draw(1_000 + seed, 0.4), np.arange(4_000) < 1_600
    return count_gaming(taught, abuse, draw(seed, share), less=2.0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.6])
def test_the_share_that_games_is_counted_and_seldom_exceeded(seed: int, share: float) -> None:
    assert share - 0.04 <= count(seed, share) <= share + 0.01


def test_a_school_that_tells_nothing_apart_counts_nobody() -> None:
    same = np.random.default_rng(0).normal(size=2_000)
    assert count_gaming(np.zeros(2_000), np.arange(2_000) < 800, same, less=0.0) == 0


def test_without_anybody_unpaid_nobody_is_counted() -> None:
    assert count_gaming(draw(0, 0.4), np.arange(4_000) < 1_600, np.empty(0), less=0.0) == 0


def test_of_a_sound_reference_less_is_counted_than_games(bundle: Bundle) -> None:
    assert bundle.card["reference_gaming"] < 0.05


@pytest.mark.parametrize("seed", [1, 2])
def test_a_reference_full_of_gamers_is_cut(seed: int) -> None:
    world = simulate(1_200, seed=seed, prevalence=0.25)
    bundle, _ = train(world.tables, cast("datetime", world.tables.usage["occurred_at"].max()), SMALL)
    told = bundle.card["metrics"]
    trusted = told["valued_by"] + told["calibrated_by"] + told["trimmed"]
    assert 0.1 < bundle.card["reference_gaming"] < 0.25
    assert told["trimmed"] > 2 * SMALL.trimmed * trusted


@pytest.mark.parametrize("seed", [1, 2])
def test_where_nobody_games_no_more_are_left_out_than_may_be_uncounted(seed: int) -> None:
    world = simulate(1_200, seed=seed, prevalence=0.0)
    bundle, _ = train(world.tables, cast("datetime", world.tables.usage["occurred_at"].max()), SMALL)
    told = bundle.card["metrics"]
    trusted = told["valued_by"] + told["calibrated_by"] + told["trimmed"]
    assert UNCOUNTED / 2 < told["trimmed"] / trusted <= UNCOUNTED + 1 / trusted


def doubted(world: World, bundle: Bundle, trusted: Known, least: float) -> list[str]:
    """The roles in truth of those whom the forest of the world leaves out."""
    halves = split_reference(trusted.facts, SMALL)
    _, role = doubt(bundle, None, trusted, halves, least)
    left_out = trusted.facts.filter(pl.Series(role == "trimmed"))
    return left_out.join(world.truth, on="account_id")["role"].to_list()


def test_most_whom_the_reference_leaves_out_game(world: World, bundle: Bundle, whole: Whole) -> None:
    named = doubted(world, bundle, whole.trusted, SMALL.trimmed)
    assert named.count("abuse") > len(named) / 2


def test_bad_company_names_more_who_game_than_conduct_alone(world: World, bundle: Bundle, whole: Whole) -> None:
    alone = replace(whole.trusted, near=whole.trusted.near.clear())
    named, by_conduct = (doubted(world, bundle, those, 0.06) for those in (whole.trusted, alone))
    assert named.count("abuse") > by_conduct.count("abuse")


def test_an_unschooled_forest_counts_nobody() -> None:
    world = simulate(400, seed=1)
    unschooled = Recipe(trees=20, sample=128, schooled=False)
    bundle, _ = train(world.tables, cast("datetime", world.tables.usage["occurred_at"].max()), unschooled)
    assert bundle.card["reference_gaming"] is None
