"""A batch at a false discovery rate."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from grantguard.discovery import flag
from grantguard.errors import ReferenceTooSmall


def scores(p_values: np.ndarray, rings: list[str | None] | None = None) -> pl.DataFrame:
    names = [f"a{i}" for i in range(len(p_values))]
    return pl.DataFrame(
        {"account_id": names, "ring_id": rings or [None] * len(names), "p_value": p_values},
        schema_overrides={"ring_id": pl.String},
    )


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_no_more_than_the_rate_of_the_flagged_is_genuine(rate: float) -> None:
    shares = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        reference = np.sort(rng.normal(size=5000))
        seen = np.concatenate([rng.normal(size=900), rng.normal(4.5, 1, 100)])
        p_values = (1 + 5000 - np.searchsorted(reference, seen)) / 5001
        flagged = flag(scores(p_values), rate, 5000).to_numpy()
        shares.append(flagged[:900].sum() / max(flagged.sum(), 1))
    assert np.mean(shares) <= rate * 1.15


def test_a_ring_is_flagged_together() -> None:
    p_values = np.concatenate([[1e-5, 0.5], np.linspace(0.1, 1, 50)])
    rings: list[str | None] = ["ring:a0", "ring:a0", *([None] * 50)]
    assert flag(scores(p_values, rings), 0.1, 100_000).to_list()[:3] == [True, True, False]


def test_a_large_ring_needs_more_than_one_odd_member() -> None:
    p_values = np.concatenate([[0.01], np.full(40, 0.9)])
    assert not flag(scores(p_values, ["ring:a0"] * 41), 0.1, 5000).any()


def test_nobody_suspicious_is_nobody_flagged() -> None:
    assert not flag(scores(np.linspace(0.2, 1, 100)), 0.1, 5000).any()


def test_who_was_not_scored_is_not_flagged() -> None:
    table = scores(np.array([1e-6, 0.5])).with_columns(p_value=pl.Series([None, 0.5]))
    assert flag(table, 0.1, 5000).to_list() == [False, False]


def test_a_calibration_too_small_says_how_many_it_lacks() -> None:
    p_values = np.concatenate([[1 / 201], np.linspace(0.1, 1, 999)])
    with pytest.raises(ReferenceTooSmall, match="9,999, so 9,799 more"):
        flag(scores(p_values), 0.1, 200)
