"""The flattened forest is scikit-learn's forest, with values of our own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from grantguard.forest import CompiledForest
from grantguard.forest.compiled import MANY, SHARPEST, mean_path_length

SEEDS = [0, 1, 2]


def draw(seed: int, rows: int = 600, columns: int = 7) -> NDArray[np.float64]:
    return np.random.default_rng(seed).gamma(0.6, 1.0, (rows, columns)).round(2)


def grow(seed: int) -> tuple[IsolationForest, CompiledForest]:
    forest = IsolationForest(n_estimators=40, max_samples=128, random_state=seed).fit(draw(seed))
    return forest, CompiledForest.of(forest)


@pytest.mark.parametrize("seed", SEEDS)
def test_path_lengths_are_those_of_scikit_learn(seed: int) -> None:
    forest, compiled = grow(seed)
    rows = draw(seed + 100)
    ours = -(2.0 ** (-compiled.mean_depth(rows) / compiled.norm))
    assert np.abs(ours - forest.score_samples(rows)).max() < 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_leaves_are_those_of_scikit_learn(seed: int) -> None:
    forest, compiled = grow(seed)
    rows = draw(seed + 100, rows=50)
    theirs = np.stack([tree.apply(rows.astype(np.float32)) for tree in forest.estimators_], axis=1)
    assert (compiled.leaves(rows) - compiled.roots == theirs).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_contributions_sum_to_the_score(seed: int) -> None:
    _, compiled = grow(seed)
    valued = compiled.valued_by(draw(seed + 1))
    rows = draw(seed + 100)
    assert np.abs(valued.contributions(rows).sum(axis=1) - valued.score(rows)).max() < 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_has_a_mean_score_of_zero(seed: int) -> None:
    _, compiled = grow(seed)
    reference = draw(seed + 1)
    assert abs(compiled.valued_by(reference).score(reference).mean()) < 1e-9


def test_where_the_reference_is_not_it_is_more_suspicious() -> None:
    rng = np.random.default_rng(0)
    crowd, reference = rng.normal(6, 0.2, (300, 4)), rng.normal(0, 1, (300, 4))
    forest = IsolationForest(n_estimators=60, random_state=0).fit(np.concatenate([crowd, reference]))
    valued = CompiledForest.of(forest).valued_by(reference)
    assert valued.score(crowd).min() > np.quantile(valued.score(reference), 0.99)


def test_no_rows_have_no_scores() -> None:
    _, compiled = grow(0)
    assert compiled.score(np.zeros((0, 7))).shape == (0,)


@given(st.lists(st.floats(0, 50), min_size=7, max_size=7))
@settings(max_examples=25, deadline=None)
def test_a_row_alone_scores_as_in_a_crowd(row: list[float]) -> None:
    compiled = VALUED
    crowd = np.concatenate([draw(5, rows=20), [row]])
    assert compiled.score(np.array([row]))[0] == pytest.approx(compiled.score(crowd)[-1], abs=1e-12)


VALUED = grow(3)[1].valued_by(draw(4))


def test_the_mean_path_length_follows_its_definition() -> None:
    expected = 2 * (np.log(9) + np.euler_gamma) - 2 * 9 / 10
    assert mean_path_length(np.array([1.0, 2.0, 10.0])).tolist() == pytest.approx([0, 1, expected])


@pytest.mark.parametrize("seed", SEEDS)
def test_many_rows_end_where_each_of_them_does_and_for_the_same_reasons(seed: int) -> None:
    _, compiled = grow(seed)
    valued = compiled.valued_by(draw(seed + 1))
    rows = draw(seed + 100, rows=MANY + 30)
    alone = [
        np.concatenate([told(rows[: MANY - 1]), told(rows[MANY - 1 :])])
        for told in (valued.leaves, valued.contributions)
    ]
    assert (valued.leaves(rows) == alone[0]).all()
    assert np.abs(valued.contributions(rows) - alone[1]).max() < 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_in_the_same_gaps_end_in_the_same_leaves(seed: int) -> None:
    _, compiled = grow(seed)
    rows = draw(seed + 100)
    nudged = rows + np.random.default_rng(seed).normal(0, 1e-3, rows.shape)
    alike = (compiled.find_gaps(rows) == compiled.find_gaps(nudged)).all(axis=1)
    assert 0 < alike.sum() < len(rows)
    assert (compiled.leaves(rows) == compiled.leaves(nudged))[alike].all()


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_in_other_gaps_part_somewhere(seed: int) -> None:
    _, compiled = grow(seed)
    row = draw(seed, rows=1)
    far = row.copy()
    far[0, 0] = 1e3
    assert compiled.find_gaps(far)[0, 0] > compiled.find_gaps(row)[0, 0]


LOUD = replace(VALUED, loudness=np.linspace(0.2, 1.4, 7))


@given(st.lists(st.floats(0, 50), min_size=7, max_size=7))
@settings(max_examples=25, deadline=None)
def test_the_four_that_say_most_add_to_what_the_leaves_say(row: list[float]) -> None:
    said = sorted(np.array(row) * LOUD.spread * LOUD.loudness)[-SHARPEST:]
    assert LOUD.score(np.array([row]))[0] == pytest.approx(VALUED.score(np.array([row]))[0] + sum(said))


@pytest.mark.parametrize("seed", SEEDS)
def test_contributions_sum_to_the_score_with_what_is_rarest(seed: int) -> None:
    rows = draw(seed + 100)
    assert np.abs(LOUD.contributions(rows).sum(axis=1) - LOUD.score(rows)).max() < 1e-9


def test_signals_that_tie_for_the_last_place_share_it() -> None:
    even = replace(VALUED, loudness=np.ones(7))
    added = even.contributions(np.full((1, 7), 2.0)) - VALUED.contributions(np.full((1, 7), 2.0))
    assert added == pytest.approx(2.0 * VALUED.spread * SHARPEST / 7)


def test_the_reference_speaks_of_its_leaves_alone_when_they_are_valued() -> None:
    assert np.array_equal(replace(grow(3)[1], loudness=LOUD.loudness).valued_by(draw(4)).value, VALUED.value)
