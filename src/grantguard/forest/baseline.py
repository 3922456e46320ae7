"""What the signals of everybody looked like when the forest was made: what drift is measured from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 3_000
"""Accounts that are remembered at most, drawn evenly."""


@dataclass(frozen=True)
class Baseline:
    """Signals of accounts as they stood at training: ``table`` (rows, signals; NaN: null) and ``strata`` (rows,)."""

    table: NDArray[np.float32]
    strata: NDArray[np.int64]

    @classmethod
    def of(cls, table: NDArray[np.float64], strata: NDArray[np.int64]) -> Baseline:
        """Remember at most ``MOST`` rows, evenly spaced in the order given."""
        rows = np.unique(np.linspace(0, len(table) - 1, min(MOST, len(table))).round().astype(np.int64))
        return cls(table[rows].astype(np.float32), strata[rows])
