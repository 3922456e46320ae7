"""Reasons: what a risk is made of, and of which kind the evidence is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from grantguard.forest import CompiledForest, sum_by_kind, weigh_evidence
from grantguard.signals import CATALOGUE, NAMES
from grantguard.vocabulary import KINDS_OF_EVIDENCE


def kinds_of(signal: str, *, surprise: float) -> dict[str, float]:
    """Each kind's evidence, where a signal of such surprise alone adds 2 to the score."""
    contributions, surprises = np.zeros((2, 1, len(CATALOGUE)))
    contributions[0, NAMES.index(signal)], surprises[0, NAMES.index(signal)] = 2.0, surprise
    return dict(zip(KINDS_OF_EVIDENCE, sum_by_kind(contributions, surprises, CATALOGUE)[0], strict=True))


@pytest.mark.parametrize(
    ("signal", "kind"), [("gap_variation", "conduct"), ("shared_device", "identity"), ("grant_stacking", "money")]
)
def test_an_unusual_value_is_evidence_of_its_familys_kind(signal: str, kind: str) -> None:
    assert kinds_of(signal, surprise=1.5) == dict.fromkeys(KINDS_OF_EVIDENCE, 0.0) | {kind: 2.0}


def test_what_speaks_for_itself_beside_the_leaves_is_no_evidence_of_a_kind() -> None:
    surprise = np.abs(np.random.default_rng(0).normal(size=(40, len(CATALOGUE))))
    grown = CompiledForest.of(IsolationForest(n_estimators=20, random_state=0).fit(surprise)).valued_by(surprise)
    loud = replace(grown, loudness=np.ones(len(CATALOGUE)))
    quiet, heard = (weigh_evidence(each, each.contributions(surprise), surprise, CATALOGUE) for each in (grown, loud))
    assert np.abs(quiet - heard).max() < 1e-9


def test_a_usual_value_is_no_evidence_whatever_it_adds_to_the_score() -> None:
    assert set(kinds_of("grant_stacking", surprise=0.0).values()) == {0.0}
