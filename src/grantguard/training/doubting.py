"""Whom the reference leaves out: a first forest names the most suspicious, and says how many they are.

A forest that is valued by gamers finds gaming usual, and one that is calibrated on them holds nobody. What the
schooling knows of gaming tells how many of the unpaid reference are like it, whoever they are; whose company is bad
is found by it sooner than who is odd. An honest tail is cut with every cut, so where few game few are left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from grantguard.forest import Bundle
from grantguard.training.population import Known, tabulate
from grantguard.training.reference import cut, score_in_company
from grantguard.training.schooling import Pupils

Floats = NDArray[np.float64]

SPARED: Final = 0.04
"""What the half that calibrates keeps of the share that games: cut too deep, it breaks the promise to honest people."""

UNCOUNTED: Final = 0.01
"""The share left out where hardly anybody is counted: gaming that is like no lesson is not, and would calibrate."""

STRICT: Final = 0.98
"""The share of genuine pupils below the score from which an account is counted."""


def doubt(
    bundle: Bundle, pupils: Pupils | None, trusted: Known, halves: NDArray[np.str_], trimmed: float
) -> tuple[float | None, NDArray[np.str_]]:
    """The share of the unpaid trusted that games, at the least, where pupils can tell; and everybody's role.

    ``halves`` are the reference's, of each row of ``trusted``. Of the unpaid as many are left out as seem to game,
    ``UNCOUNTED`` at least and a share ``trimmed`` at most, or more where more surely do: the most suspicious by
    ``bundle``, each in its company.
    """
    unpaid: NDArray[np.bool_] = ~trusted.facts["has_paid"].to_numpy()
    scores = score_in_company(bundle.forest, bundle.scale, trusted)
    if pupils is None:
        return None, cut(scores, unpaid, trimmed, halves)
    rows = (pupils.table, tabulate(trusted.signals)[unpaid])
    taught, seen = (bundle.forest.score(bundle.scale.surprise(table)) for table in rows)
    likely, surely = (count_gaming(taught, pupils.abuse, seen, less=errors) for errors in (0.0, 2.0))
    seeming = min(trimmed, max(likely, UNCOUNTED))
    role = cut(scores, unpaid, max(seeming, surely - SPARED), halves)
    return surely, cut(scores, unpaid & (halves == "value"), surely, role)


def count_gaming(taught: Floats, abuse: NDArray[np.bool_], scores: Floats, *, less: float) -> float:
    """The share of ``scores`` (accounts,) that are gaming's, ``less`` so many standard errors.

    ``taught`` (pupils,) are scores of accounts whose ``abuse`` is known: the share above a score, of all and of each
    kind, gives the mixture (adjusted count; Forman, "Quantifying counts and costs via classification", 2008).
    """
    above = np.quantile(taught[~abuse], STRICT)
    false, true = (taught[~abuse] > above).mean(), (taught[abuse] > above).mean()
    if not len(scores) or true <= false:
        return 0.0
    seen = (scores > above).mean()
    error = np.sqrt(seen * (1 - seen) / len(scores))
    return float(np.clip((seen - false - less * error) / (true - false), 0, 1))
