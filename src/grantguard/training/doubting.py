"""How much of the reference games: a schooled forest counts, and where it is much, leaves it out.

A forest that is valued by gamers finds gaming usual. What the schooling knows of gaming tells how many of the unpaid
reference are like it, whoever they are; too few to matter are left alone, for an honest tail is cut with every cut.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from grantguard.forest import Bundle
from grantguard.signals import NAMES
from grantguard.training.population import Known
from grantguard.training.reference import cut
from grantguard.training.schooling import Pupils

Floats = NDArray[np.float64]

DOUBTED: Final = 0.06
"""The share of the unpaid reference that games from which it is cut; in sound populations 0.04 was counted."""

SPARED: Final = 0.04
"""What the half that calibrates keeps of that share: cut too deep, it breaks the promise to honest people."""

STRICT: Final = 0.98
"""The share of genuine pupils below the score from which an account is counted."""


def doubt(
    bundle: Bundle, pupils: Pupils, trusted: Known, halves: NDArray[np.str_]
) -> tuple[float, NDArray[np.str_] | None]:
    """The share of the unpaid trusted that games, at the least, and where that is much the roles without as many.

    ``halves`` are the reference's, of each row of ``trusted``.
    """
    scores = _score(bundle, trusted.signals.select(NAMES).to_numpy().astype(np.float64))
    unpaid: NDArray[np.bool_] = ~trusted.facts["has_paid"].to_numpy()
    gaming = count_gaming(_score(bundle, pupils.table), pupils.abuse, scores[unpaid])
    if gaming <= DOUBTED:
        return gaming, None
    role = halves
    for half, share in (("value", gaming), ("calibrate", gaming - SPARED)):
        those = unpaid & (halves == half)
        role = cut(scores, those, share, role)
    return gaming, role


def count_gaming(taught: Floats, abuse: NDArray[np.bool_], scores: Floats) -> float:
    """The share of ``scores`` (accounts,) that are gaming's, less two standard errors.

    ``taught`` (pupils,) are scores of accounts whose ``abuse`` is known: the share above a score, of all and of each
    kind, gives the mixture (adjusted count; Forman, "Quantifying counts and costs via classification", 2008).
    """
    above = np.quantile(taught[~abuse], STRICT)
    false, true = (taught[~abuse] > above).mean(), (taught[abuse] > above).mean()
    if not len(scores) or true <= false:
        return 0.0
    seen = (scores > above).mean()
    error = np.sqrt(seen * (1 - seen) / len(scores))
    return float(np.clip((seen - false - 2 * error) / (true - false), 0, 1))


def _score(bundle: Bundle, table: Floats) -> Floats:
    return bundle.forest.score(bundle.scale.surprise(table))
