"""RiskForest keeps scikit-learn's conventions on any table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

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


@parametrize_with_checks([RiskForest(n_estimators=10, max_samples=64)])  # type: ignore[untyped-decorator]
def test_it_keeps_scikit_learns_conventions(estimator: RiskForest, check: Callable[[RiskForest], None]) -> None:
    check(estimator)


def test_fit_reads_no_verdicts() -> None:
    alone, beside = RiskForest(n_estimators=10).fit(TABLE), RiskForest(n_estimators=10).fit(TABLE, np.ones(len(TABLE)))
    assert np.array_equal(alone.risk_score(TABLE), beside.risk_score(TABLE))


def test_names_of_a_frame_are_kept() -> None:
    frame = pd.DataFrame(TABLE, columns=list("abcde"), index=[f"row {i}" for i in range(len(TABLE))])
    shares = RiskForest(n_estimators=10).fit(frame).explain(frame)
    assert list(shares.columns) == list("abcde")
    assert shares.index.equals(frame.index)


def test_explanations_sum_to_the_score_before_and_after_feedback() -> None:
    forest = RiskForest(n_estimators=20).fit(TABLE)
    assert np.allclose(forest.explain(TABLE).sum(axis=1), forest.risk_score(TABLE))
    forest.feedback(TABLE[:40], TABLE[:40, 0] > 0)
    assert np.allclose(forest.explain(TABLE).sum(axis=1), forest.risk_score(TABLE))


@pytest.mark.parametrize("seed", range(3))
def test_either_side_is_suspicious_unless_said_otherwise(seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(600, 3))
    low, high = np.array([[-8.0, 0, 0]]), np.array([[8.0, 0, 0]])
    either, above = (RiskForest(signs=signs, random_state=seed).fit(rows) for signs in (None, [1, 1, 1]))
    typical = np.quantile(either.risk_score(rows), 0.9)
    assert min(either.risk_score(low)[0], either.risk_score(high)[0]) > typical
    assert above.risk_score(high)[0] > above.risk_score(low)[0]


def test_risk_rises_with_the_score_and_stays_between_nothing_and_one() -> None:
    forest = RiskForest(n_estimators=50).fit(TABLE)
    order = np.argsort(forest.risk_score(TABLE))
    risk = forest.risk(TABLE)
    assert (np.diff(risk[order]) >= 0).all()
    assert 0 <= risk.min() < risk.max() < 1


@pytest.mark.parametrize("seed", range(3))
def test_feedback_finds_what_is_no_anomaly(seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(1200, 4))
    dense = np.abs(rows[:, 0] + 1) < 0.15
    forest = RiskForest(n_estimators=60, random_state=seed).fit(rows)
    before = roc_auc_score(dense[300:], forest.risk_score(rows[300:]))
    after = roc_auc_score(dense[300:], forest.feedback(rows[:300], dense[:300]).risk_score(rows[300:]))
    assert after > max(before, 0.5) + 0.1


def test_feedback_adds_up() -> None:
    said = TABLE[:60, 1] > 0
    once = RiskForest(n_estimators=20).fit(TABLE).feedback(TABLE[:60], said)
    twice = RiskForest(n_estimators=20).fit(TABLE).feedback(TABLE[:30], said[:30]).feedback(TABLE[30:60], said[30:])
    assert np.allclose(once.risk_score(TABLE), twice.risk_score(TABLE))


def test_a_row_without_verdict_teaches_nothing() -> None:
    said = np.append((TABLE[:40, 1] > 0).astype(float), np.nan)
    with_none = RiskForest(n_estimators=20).fit(TABLE).feedback(TABLE[:41], said)
    assert len(with_none.lessons_) == 40


def test_a_verdict_that_is_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="1 for abuse, 0 for genuine"):
        RiskForest(n_estimators=5).fit(TABLE).feedback(TABLE[:2], [1, 2])


def test_an_all_null_row_is_not_odd() -> None:
    forest = RiskForest(n_estimators=50).fit(TABLE)
    assert forest.risk_score(np.full((1, 5), np.nan))[0] < np.median(forest.risk_score(TABLE))


def test_more_chances_make_a_column_heard() -> None:
    odd = np.where(np.arange(5) == 2, 30.0, 0.1)[None, :]
    quiet, heard = (RiskForest(chances=chances).fit(TABLE) for chances in (None, [1, 1, 6, 1, 1]))
    assert heard.risk_score(odd)[0] > quiet.risk_score(odd)[0]
