"""RiskForest keeps scikit-learn's conventions on any table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from grantguard.forest import RiskForest

TABLE = np.random.default_rng(0).gamma(0.7, 1.0, (400, 5))


def test_lower_is_more_abnormal_in_score_samples() -> None:
    forest = RiskForest(n_estimators=30).fit(TABLE)
    assert np.array_equal(forest.score_samples(TABLE), -forest.risk_score(TABLE))


def test_a_data_frame_is_as_good_as_an_array() -> None:
    forest = RiskForest(n_estimators=20).fit(pd.DataFrame(TABLE))
    assert np.array_equal(forest.score_samples(pd.DataFrame(TABLE)), forest.score_samples(TABLE))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_forest(seed: int) -> None:
    one, other = (RiskForest(n_estimators=20, random_state=seed).fit(TABLE) for _ in range(2))
    assert np.array_equal(one.score_samples(TABLE), other.score_samples(TABLE))


def test_an_unfitted_forest_says_so() -> None:
    with pytest.raises(NotFittedError):
        RiskForest().score_samples(TABLE)


def test_it_can_be_cloned() -> None:
    assert clone(RiskForest(n_estimators=7)).n_estimators == 7


def test_a_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="table"):
        RiskForest().fit(TABLE[0])


def test_verdicts_do_not_grow_trees() -> None:
    with pytest.raises(ValueError, match="verdicts"):
        RiskForest().fit(TABLE, np.ones(400))  # type: ignore[arg-type]


def test_an_all_null_row_is_not_odd() -> None:
    forest = RiskForest(n_estimators=50).fit(TABLE)
    assert forest.risk_score(np.full((1, 5), np.nan))[0] < np.median(forest.risk_score(TABLE))


def test_more_chances_make_a_column_heard() -> None:
    odd = np.where(np.arange(5) == 2, 30.0, 0.1)[None, :]
    quiet, heard = (RiskForest(chances=chances).fit(TABLE) for chances in (None, [1, 1, 6, 1, 1]))
    assert heard.risk_score(odd)[0] > quiet.risk_score(odd)[0]
