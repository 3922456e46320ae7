"""One scale for all signals: how far beyond a reference's typical value, on the suspicious side alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KNOTS = 256
"""Points that a signal's reference distribution is remembered by."""

SHOWN_BY = 0.2
"""A signal that fewer than this share of the reference shows is rare by being shown: the share counts as shown."""

SAME = 1e-12
"""Values this near, in ratio, are one value: the last digits of a sum are the machine's, not the account's."""


@dataclass(frozen=True)
class Scale:
    """Reference distributions of the signals, turned so that high is suspicious.

    ``signs`` (signals,) is +1 where high is suspicious, -1 where low is, and 0 where either may be; ``values`` and
    ``tails`` (signals, ``KNOTS``) say which share of the reference lies at or beyond each value.
    """

    signs: Floats
    values: Floats
    tails: Floats

    @classmethod
    def fit(cls, reference: Floats, signs: Floats) -> Scale:
        """Remember the reference (accounts, signals), NaN where a signal is null."""
        turned = reference * _turn(signs)
        knots = [_tail_knots(column) for column in turned.T]
        values, tails = (np.stack(part) for part in zip(*knots, strict=True))
        return cls(signs, values, tails)

    def tail(self, table: Floats) -> Floats:
        """The share of the reference at or beyond each value (accounts, signals); NaN where null."""
        turned = table * _turn(self.signs)
        # Beyond the last knot a value is as rare as nothing seen: what equals it but for a last digit is not.
        turned -= SAME * np.abs(turned)
        tails = np.full(turned.shape, np.nan)
        for i in np.flatnonzero(~np.isnan(turned).all(axis=0)):  # of one account, most signals have nothing to tell
            tails[:, i] = np.interp(turned[:, i], self.values[i], self.tails[i])
        return tails

    def middle(self, signal: int) -> tuple[float, float] | None:
        """Between which values the middle four fifths of the reference lie, lower first; None where few show any."""
        if self.tails[signal, 0] < 0.9:
            return None
        turned = np.interp([-0.9, -0.1], -self.tails[signal], self.values[signal])
        low, high = sorted(turned * _turn(self.signs)[signal])
        return float(low), float(high)

    def surprise(self, table: Floats) -> Floats:
        """Powers of ten by which each value is rarer than the reference's median; 0 on the honest side and for null.

        Where either side may be suspicious, values below the median have theirs below 0.
        """
        return self.surprise_of(self.tail(table))

    def surprise_of(self, tail: Floats) -> Floats:
        """``surprise`` where ``tail`` is at hand."""
        above = np.maximum(0.0, -np.log10(2 * tail))
        rest = 1 - tail + self.tails[:, -1]
        below = np.where(self.signs == 0, np.minimum(0.0, np.log10(2 * rest)), 0.0)
        surprise: Floats = np.nan_to_num(above + below, nan=0.0)
        return surprise


def _turn(signs: Floats) -> Floats:
    turned: Floats = np.where(signs == 0, 1.0, signs)
    return turned


def _tail_knots(turned: Floats) -> tuple[Floats, Floats]:
    known = np.sort(turned[~np.isnan(turned)])
    if not known.size:
        return np.zeros(KNOTS), np.ones(KNOTS)
    shown = max(known.size, round(SHOWN_BY * turned.size))
    points = np.unique(known)
    beyond = (known.size - np.searchsorted(known, points) + 1) / (shown + 1)
    # One more knot, beyond all of the reference and what is the same: as rare as nothing seen.
    points = np.append(points, points[-1] + 2 * SAME * max(abs(points[-1]), 1.0))
    beyond = np.minimum(np.append(beyond, 1 / (shown + 1)), 1.0)
    # Evenly in the logarithm of the tail, so that the far end keeps its detail.
    chosen = np.unique(np.searchsorted(-np.log(beyond), np.linspace(0, -np.log(beyond[-1]), KNOTS)))
    chosen = np.unique(np.concatenate([[0], chosen.clip(0, len(points) - 1), [len(points) - 2, len(points) - 1]]))
    places = np.linspace(0, len(chosen) - 1, KNOTS).round().astype(int)
    picked = chosen[places]
    return points[picked], beyond[picked]
