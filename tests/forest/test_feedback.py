"""Teaching: verdicts move leaf values, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from grantguard.forest import CompiledForest, Lessons, RiskForest, balance, choose_pull, teach

SEEDS = range(3)


def grow(seed: int) -> tuple[RiskForest, np.ndarray, np.ndarray]:
    """A forest on a crowd of which a tenth stands apart in the first of six columns, where it tells little."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(1500, 6))
    apart = rng.random(1500) < 0.1
    rows[apart, 0] += 1.5
    return RiskForest(n_estimators=80, max_samples=256, random_state=seed).fit(rows), rows, apart


def lessons(forest: RiskForest, rows: np.ndarray, abuse: np.ndarray) -> Lessons:
    count = len(rows)
    surprise = forest.scale_.surprise(rows).astype(np.float32)
    return Lessons(surprise, abuse, np.ones(count), np.arange(count), np.arange(count))


def score(compiled: CompiledForest, forest: RiskForest, rows: np.ndarray) -> np.ndarray:
    return compiled.score(forest.scale_.surprise(rows))


@pytest.mark.parametrize("seed", SEEDS)
def test_verdicts_find_what_the_forest_alone_does_not(seed: int) -> None:
    forest, rows, apart = grow(seed)
    told = balance(lessons(forest, rows[:300], apart[:300]), 200)
    taught = teach(forest.compiled_, told, 0.3)
    alone, learnt = (score(each, forest, rows[300:]) for each in (forest.compiled_, taught))
    gained = [values[apart[300:]].mean() - values[~apart[300:]].mean() for values in (alone, learnt)]
    assert gained[1] > gained[0]
    assert (learnt[apart[300:]][:, None] > learnt[~apart[300:]]).mean() > (
        alone[apart[300:]][:, None] > alone[~apart[300:]]
    ).mean() + 0.05


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("abuse", [True, False])
def test_one_verdict_moves_its_account_the_way_it_says(seed: int, *, abuse: bool) -> None:
    forest, rows, _ = grow(seed)
    extreme = rows[[int(np.argmax(forest.risk_score(rows)))]]
    taught = teach(forest.compiled_, lessons(forest, extreme, np.array([abuse])), 0.3)
    change = score(taught, forest, extreme)[0] - forest.risk_score(extreme)[0]
    assert (change > 0) == abuse


def test_places_and_signals_stay() -> None:
    forest, rows, apart = grow(0)
    taught = teach(forest.compiled_, lessons(forest, rows, apart), 1.0)
    for name in ("roots", "feature", "threshold", "children", "own", "mass"):
        assert np.array_equal(getattr(taught, name), getattr(forest.compiled_, name))


def test_contributions_still_sum_to_the_score() -> None:
    forest, rows, apart = grow(1)
    taught = teach(forest.compiled_, lessons(forest, rows, apart), 0.3)
    surprise = forest.scale_.surprise(rows)
    assert np.allclose(taught.contributions(surprise).sum(axis=1), taught.score(surprise), atol=1e-9)


def test_the_order_of_verdicts_does_not_matter() -> None:
    forest, rows, apart = grow(2)
    told = lessons(forest, rows[:200], apart[:200])
    turned = told.where(np.arange(200)[::-1])  # type: ignore[arg-type]  # rows by number, reversed
    values = [score(teach(forest.compiled_, each, 0.3), forest, rows) for each in (told, turned)]
    assert np.allclose(values[0], values[1], atol=1e-3)


def test_teaching_anew_starts_from_the_forests_own_values() -> None:
    forest, rows, apart = grow(0)
    told = lessons(forest, rows[:100], apart[:100])
    once = teach(forest.compiled_, told, 0.3)
    assert np.allclose(teach(once, told, 0.3).value, once.value)
    assert np.array_equal(teach(once, told.where(np.zeros(100, dtype=bool)), 0.3).value, forest.compiled_.value)


def test_a_strong_pull_keeps_the_forests_order() -> None:
    forest, rows, apart = grow(0)
    taught = teach(forest.compiled_, lessons(forest, rows[:100], apart[:100]), 1e6)
    assert spearmanr(score(taught, forest, rows), forest.risk_score(rows)).statistic > 0.9999


@pytest.mark.parametrize("seed", SEEDS)
def test_a_forest_that_verdicts_contradict_is_believed_less(seed: int) -> None:
    forest, rows, _ = grow(seed)
    calm = forest.risk_score(rows) < np.median(forest.risk_score(rows))
    taught = teach(forest.compiled_, balance(lessons(forest, rows[:200], calm[:200]), 2000), 0.3)
    assert spearmanr(score(taught, forest, rows[200:]), forest.risk_score(rows[200:])).statistic < 0


def test_classes_weigh_the_same_however_many_they_are() -> None:
    told = Lessons(np.zeros((10, 2), np.float32), np.arange(10) < 2, np.ones(10), np.arange(10), np.arange(10))
    weight = balance(told, 30.0).weight
    assert weight[:2].sum() == pytest.approx(15)
    assert weight[2:].sum() == pytest.approx(15)


def test_verdicts_without_sense_are_mostly_held_off() -> None:
    chosen = []
    for seed in range(9):
        forest, rows, _ = grow(seed)
        drawn = np.random.default_rng(seed).random(200) < 0.5
        chosen.append(choose_pull(forest.compiled_, balance(lessons(forest, rows[:200], drawn), 200)))
    assert np.median(chosen) >= 1.0  # type: ignore[arg-type]  # there are enough to choose by


def test_too_few_verdicts_choose_no_pull() -> None:
    forest, rows, apart = grow(0)
    told = lessons(forest, rows[:60], apart[:60])
    assert choose_pull(forest.compiled_, replace(told, abuse=np.arange(60) < 4)) is None
