"""Weights: one minus the chance that an account is gamed."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from grantguard.authenticity import chance_gamed, weigh

SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_population_of_genuine_accounts_keeps_its_weight(seed: int) -> None:
    assert chance_gamed(np.random.default_rng(seed).random(4000)).mean() < 0.02


@pytest.mark.parametrize("seed", SEEDS)
def test_the_chances_add_up_to_the_gaming(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p_values = np.concatenate([rng.random(3600), rng.random(400) * 0.002])
    chance = chance_gamed(p_values)
    assert chance[3600:].mean() > 0.9
    assert chance.sum() == pytest.approx(400, rel=0.15)


def test_the_rarer_is_never_the_less_likely_to_be_gamed() -> None:
    p_values = np.sort(np.concatenate([np.random.default_rng(0).random(500), np.full(30, 0.001)]))
    assert (np.diff(chance_gamed(p_values)) <= 1e-12).all()


def test_the_ordinary_weigh_one() -> None:
    p_values = np.concatenate([np.linspace(0.2, 1, 50), np.full(20, 0.001)])
    assert (chance_gamed(p_values)[:50] == 0).all()


def test_sessions_weigh_what_their_account_does() -> None:
    scores = pl.DataFrame({"account_id": ["a", "b"], "p_value": [0.5, None]})
    usage = pl.DataFrame({"account_id": ["a", "a", "b"], "session_id": ["s1", "s1", None]})
    assert weigh(scores, usage).rows() == [("a", None, 1.0), ("a", "s1", 1.0), ("b", None, 1.0)]
