"""Calibration: conformal p-values by stratum, and a risk that versions share."""

from __future__ import annotations

import numpy as np
import pytest

from grantguard.forest import Calibration, Company, stratum_of
from grantguard.forest.calibration import STRATA, THIN, conformal_p


def remember(table: np.ndarray, surprise: np.ndarray, strata: np.ndarray, names: np.ndarray) -> Calibration:
    return Calibration.of(table, surprise, strata, names, Company.none(), surprise[:0])


def see(rows: np.ndarray) -> np.ndarray:
    """A forest of one signal and one kind of evidence."""
    return np.repeat(rows, 2, axis=1)


def calibrate(scores: np.ndarray, strata: np.ndarray, account: np.ndarray | None = None) -> Calibration:
    names = np.arange(len(scores)) if account is None else account
    rows = scores[:, None]
    return remember(rows, rows, strata, names).scored(see, see)


def test_p_is_one_plus_as_extreme_over_one_plus_all() -> None:
    assert conformal_p(np.array([1.0, 2.0, 3.0]), np.array([2.5, 3.0, 9.0])).tolist() == [0.5, 0.5, 0.25]


@pytest.mark.parametrize("seed", range(5))
def test_p_is_at_most_the_budget_for_no_more_than_the_budget_of_like_accounts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference, strangers = rng.normal(size=4000), rng.normal(size=20_000)
    assert (conformal_p(np.sort(reference), strangers) <= 0.05).mean() < 0.065


def test_an_account_is_compared_with_its_own_stratum() -> None:
    strata = np.repeat([0, 6], 500)
    calm_newcomers = calibrate(np.concatenate([np.zeros(500), np.full(500, 5.0)]), strata)
    p = calm_newcomers.p_value(np.array([3.0, 3.0]), np.array([0, 6]))
    assert p[0] == pytest.approx(1 / 501)
    assert p[1] == 1.0


def test_a_thin_stratum_is_read_with_its_payment_side() -> None:
    strata = np.concatenate([np.zeros(THIN - 1, dtype=int), np.full(900, 6)])
    calibration = calibrate(np.arange(len(strata), dtype=float), strata)
    assert calibration.p_value(np.array([-1.0]), np.array([0]))[0] == 1.0
    assert calibration.p_value(np.array([1e9]), np.array([0]))[0] == pytest.approx(1 / (len(strata) + 1))


@pytest.mark.parametrize("seed", range(3))
def test_risk_is_strictly_increasing_with_the_score(seed: int) -> None:
    calibration = calibrate(np.random.default_rng(seed).normal(size=800), np.zeros(800, dtype=int))
    risk = calibration.risk(np.linspace(-6, 30, 400))
    assert (np.diff(risk) > 0).all()
    assert 0 <= risk[0] < risk[-1] < 1


def test_one_in_a_hundred_has_the_same_risk_whatever_the_scores_are() -> None:
    scores = np.random.default_rng(0).normal(size=5000)
    one, other = calibrate(scores, np.zeros(5000, dtype=int)), calibrate(scores * 40 + 7, np.zeros(5000, dtype=int))
    rare = np.quantile(scores, 0.99)
    assert one.risk(np.array([rare]))[0] == pytest.approx(other.risk(np.array([rare * 40 + 7]))[0], abs=1e-6)
    assert one.risk(np.array([rare]))[0] == pytest.approx(0.5, abs=0.01)


def test_equal_reference_scores_still_order_risk() -> None:
    risk = calibrate(np.zeros(300), np.zeros(300, dtype=int)).risk(np.array([-1.0, 0.0, 1.0]))
    assert (np.diff(risk) > 0).all()


def test_the_nearest_landmark_and_payment_make_the_stratum() -> None:
    strata = stratum_of(
        np.array([0.01, 0.1, 1.2, 5.0, 90.0, np.nan]), np.array([False, True, False, True, True, False])
    )
    assert [STRATA[i] for i in strata] == [
        "hour, unpaid",
        "hour, paid",
        "day, unpaid",
        "week, paid",
        "month, paid",
        "hour, unpaid",
    ]


@pytest.mark.parametrize("seed", range(5))
def test_looking_at_every_landmark_stops_no_more_than_the_budget(seed: int) -> None:
    rng = np.random.default_rng(seed)
    strata, account = np.tile(np.arange(0, 12, 2), 3000), np.repeat(np.arange(3000), 6)
    calibration = calibrate(rng.normal(size=18_000).astype(np.float32).astype(float), strata, account)
    scores = rng.normal(size=18_000)
    p_values = calibration.p_value(scores, strata)
    ever_stopped = (calibration.p_ever(scores, strata) <= 0.05).reshape(3000, 6).any(axis=1)
    assert ever_stopped.mean() < 0.065
    assert (p_values <= 0.05).reshape(3000, 6).any(axis=1).mean() > 0.2


@pytest.mark.parametrize("seed", range(5))
def test_who_pays_halfway_is_stopped_no_more_than_the_budget_either(seed: int) -> None:
    rng = np.random.default_rng(seed)
    strata, account = np.tile([0, 2, 4, 7, 9, 11], 3000), np.repeat(np.arange(3000), 6)
    calibration = calibrate(rng.normal(size=18_000).astype(np.float32).astype(float), strata, account)
    ever_stopped = (calibration.p_ever(rng.normal(size=18_000), strata) <= 0.05).reshape(3000, 6).any(axis=1)
    assert 0.035 < ever_stopped.mean() < 0.065


def test_the_budget_is_spent_at_the_ages_where_scores_tell_most() -> None:
    young, old = np.zeros(1000), np.linspace(0, 10, 1000)
    calibration = calibrate(np.concatenate([young, old]), np.repeat([0, 10], 1000), np.tile(np.arange(1000), 2))
    early, late = calibration.p_ever(np.array([0.5, 9.995]), np.array([0, 10]))
    assert calibration.p_value(np.array([0.5]), np.array([0]))[0] == pytest.approx(1 / 1001)
    assert (early, late) == (pytest.approx(0.95, abs=0.01), pytest.approx(0.002, abs=0.001))


def test_who_has_paid_is_compared_with_who_has() -> None:
    scores = np.concatenate([np.linspace(0, 1, 500), np.linspace(5, 6, 500)])
    calibration = calibrate(scores, np.repeat([0, 1], 500))
    unpaid, paid = calibration.p_ever(np.array([2.0, 5.5]), np.array([0, 1]))
    assert unpaid < 0.01
    assert paid > 0.4


def test_accounts_left_out_are_compared_with_no_more() -> None:
    calibration = calibrate(np.arange(500.0), np.zeros(500, dtype=int))
    without = calibration.without(np.arange(400, 500)).scored(see, see)
    assert without.accounts == 400
    assert without.p_value(np.array([400.0]), np.array([0]))[0] == pytest.approx(1 / 401)


def test_scores_that_differ_by_the_last_digit_are_as_extreme() -> None:
    reference = np.array([0.3, 0.1 + 0.2, 1.0])
    assert conformal_p(reference, np.array([0.3, 0.1 + 0.2])).tolist() == [1.0, 1.0]


def test_without_ties_only_higher_scores_count() -> None:
    assert conformal_p(np.array([0.0, 0.5, 0.5, 1.0]), np.array([0.5]), ties=0).tolist() == [1 / 5]


def test_what_most_have_none_of_has_no_typical_value() -> None:
    few, many = np.full((9, 1), np.nan), np.full((9, 1), np.nan)
    few[:4], many[:5] = 3.0, 3.0
    strata, names = np.zeros(9, dtype=int), np.arange(9)
    typical = [remember(table, np.zeros((9, 1)), strata, names).typical[0, 0] for table in (few, many)]
    assert np.isnan(typical[0])
    assert typical[1] == 3.0
