"""Reasons: the signals that a risk is made of, in numbers and in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grantguard.forest.compiled import CompiledForest
from grantguard.signals import Signal, Wording
from grantguard.vocabulary import EVIDENCE_OF, KINDS_OF_EVIDENCE, Reason

Floats = NDArray[np.float64]

MOST = 5
"""Reasons given at most."""

LEAST_SHARE = 0.02
"""A signal that makes up less of the suspicion than this is no reason."""


def weigh_evidence(
    forest: CompiledForest, contributions: Floats, surprise: Floats, catalogue: Sequence[Signal]
) -> Floats:
    """What each kind of evidence adds by the leaves, (accounts, ``KINDS_OF_EVIDENCE``).

    What is rarest is of one kind for most accounts: were it heard here too, a second kind would have to be rarer still.
    """
    return sum_by_kind(contributions - forest.sharpen(surprise), surprise, catalogue)


def sum_by_kind(contributions: Floats, surprise: Floats, catalogue: Sequence[Signal]) -> Floats:
    """What each kind of evidence adds by what is unusual, (accounts, ``KINDS_OF_EVIDENCE``).

    A usual value may add to a score, for most of the others have a better one; it is no evidence.
    """
    unusual = np.where(surprise > 0, contributions, 0.0)
    columns = [
        unusual[:, [EVIDENCE_OF[each.family] == kind for each in catalogue]].sum(axis=1) for kind in KINDS_OF_EVIDENCE
    ]
    return np.stack(columns, axis=1)


def give_reasons(
    catalogue: Sequence[Wording], values: Floats, typical: Floats, tails: Floats, contributions: Floats
) -> tuple[Reason, ...]:
    """One account's reasons, strongest first; each argument is as long as ``catalogue``.

    Only a signal that was known and that raised the score is a reason.
    """
    suspicion = contributions[contributions > 0].sum()
    strongest = np.argsort(-contributions, kind="stable")[:MOST]
    return tuple(
        Reason(
            signal=catalogue[i].name,
            family=catalogue[i].family,
            value=float(values[i]),
            unit=catalogue[i].unit,
            typical=None if math.isnan(typical[i]) else float(typical[i]),
            percentile=float(100 * (1 - tails[i])),
            contribution=float(contributions[i]),
            text=catalogue[i].say(float(values[i])),
        )
        for i in strongest
        if not math.isnan(values[i]) and tails[i] < 0.5 and contributions[i] > LEAST_SHARE * suspicion
    )
