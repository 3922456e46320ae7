"""Calibration: from scores to rarities among comparable reference accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AGES = (1.0, 7.0, 30.0)
"""Days since the first grant at which one stratum ends and the next begins."""

STRATA = tuple(f"{age}, {paid}" for age in ("day", "week", "month", "later") for paid in ("unpaid", "paid"))

THIN = 100
"""A stratum with fewer reference accounts is read together with all of its payment side, or with all."""


def stratum_of(age_days: Floats, has_paid: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The index into ``STRATA`` of accounts of these ages (days since the first grant; NaN: none)."""
    age = np.searchsorted(AGES, np.nan_to_num(age_days, nan=0.0), side="right")
    return 2 * age + has_paid.astype(np.int64)


@dataclass(frozen=True)
class Calibration:
    """Scores of reference accounts that valued no leaf, with their strata.

    ``scores`` (accounts,), ``kinds`` (accounts, kinds of evidence): the score and each kind's part of it;
    ``typical`` (``STRATA``, signals) is each stratum's median, NaN where nobody in it shows the signal.
    """

    scores: Floats
    kinds: Floats
    strata: NDArray[np.int64]
    typical: Floats

    @classmethod
    def of(cls, scores: Floats, kinds: Floats, strata: NDArray[np.int64], table: Floats) -> Calibration:
        """Remember reference accounts: their scores, strata and signals (accounts, signals)."""
        unknown = cls(scores, kinds, strata, np.empty((len(STRATA), table.shape[1])))
        typical = [_medians(table[unknown._comparable(stratum)]) for stratum in range(len(STRATA))]
        return cls(scores, kinds, strata, np.stack(typical))

    def p_value(self, scores: Floats, strata: NDArray[np.int64]) -> Floats:
        """(1 + comparable reference accounts at least as extreme) / (1 + comparable reference accounts)."""
        result = np.ones(len(scores))
        for stratum in np.unique(strata):
            asked = strata == stratum
            result[asked] = conformal_p(self.scores[self._comparable(stratum)], scores[asked])
        return result

    def kind_p_values(self, kinds: Floats) -> Floats:
        """The same for each kind of evidence's contributions, over all strata, (accounts, kinds)."""
        columns = [conformal_p(self.kinds[:, kind], kinds[:, kind]) for kind in range(kinds.shape[1])]
        return np.stack(columns, axis=1)

    def _comparable(self, stratum: int) -> NDArray[np.bool_]:
        own = self.strata == stratum
        same_side = self.strata % 2 == stratum % 2
        everyone = np.ones(len(self.strata), dtype=np.bool_)
        return next((group for group in (own, same_side) if group.sum() >= THIN), everyone)

    def risk(self, scores: Floats) -> Floats:
        """0 to 1, strictly increasing with the score and pinned to rarities, so that versions compare.

        With s the powers of ten of the score's rarity in the reference, risk is s / (s + 2): one account in a
        hundred has 0.5, one in ten thousand 0.67. Beyond the reference, s goes on along its last decade's slope.
        """
        knots, powers = self._rarity_curve()
        inside = np.interp(scores, knots, powers)
        slope = max((powers[-1] - powers[-2]) / (knots[-1] - knots[-2]), 1e-6)
        beyond = np.maximum(scores - knots[-1], 0.0) * slope
        before = np.exp(np.minimum(scores - knots[0], 0.0))
        rarity = (inside + beyond) * before
        risk: Floats = rarity / (rarity + 2)
        return risk

    def _rarity_curve(self) -> tuple[Floats, Floats]:
        ordered = np.sort(self.scores)
        shares = np.array([1.0, 0.75, 0.5, 0.25, 0.1, 0.03, 0.01])
        shares = shares[shares * len(ordered) >= 3]
        knots = np.quantile(ordered, 1 - shares)
        # A quantile that does not rise would make the curve flat, and risk no longer strictly increasing.
        rises = np.concatenate([[True], np.diff(np.maximum.accumulate(knots)) > 1e-9])
        powers = -np.log10(shares) + 0.01
        if rises.sum() < 2:
            return np.array([knots[0], knots[0] + 1.0]), powers[[0, -1]]
        return knots[rises], powers[rises]


def _medians(table: Floats) -> Floats:
    known = [column[~np.isnan(column)] for column in table.T]
    return np.array([np.median(column) if column.size else np.nan for column in known])


def conformal_p(reference: Floats, scores: Floats) -> Floats:
    """(1 + reference scores at least as high) / (1 + reference scores), for each score."""
    ordered = np.sort(reference)
    at_least = len(ordered) - np.searchsorted(ordered, scores, side="left")
    return (1 + at_least) / (1 + len(ordered))
