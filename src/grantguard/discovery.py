"""Flagging a batch at a false discovery rate: of all that are flagged, at most a share is genuine."""

from __future__ import annotations

import math

import polars as pl
from scipy.stats import false_discovery_control

from grantguard.errors import ReferenceTooSmall


def flag(scores: pl.DataFrame, rate: float, calibrated_by: int) -> pl.Series:
    """Whether each row of the contract's ``scores`` is flagged, so that at most ``rate`` of the flagged are genuine.

    A ring stands or falls together, its p-value min(1, size x its smallest member's); rings and single accounts are
    compared by Benjamini and Hochberg, "Controlling the False Discovery Rate" (1995), which holds for conformal
    p-values of one calibration set (Bates and others, "Testing for Outliers with Conformal p-values", 2023).

    Raises ``ReferenceTooSmall`` where the ``calibrated_by`` accounts of the calibration could not flag what
    is as extreme as can be, and says how many are lacking.
    """
    unit = pl.coalesce("ring_id", "account_id")
    scored = scores.filter(pl.col("p_value").is_not_null())
    units = scored.group_by(unit=unit).agg(p=(pl.col("p_value").min() * pl.len()).clip(0, 1)).sort("unit")
    if units.is_empty():
        return pl.Series("flagged", [False] * scores.height, dtype=pl.Boolean)
    flagged = false_discovery_control(units["p"].to_numpy()) <= rate
    if not flagged.any():
        _require_calibration(units, rate, calibrated_by)
    chosen = units.filter(pl.Series(flagged))["unit"]
    return scores.select(flagged=unit.is_in(chosen.implode()) & pl.col("p_value").is_not_null()).to_series()


def _require_calibration(units: pl.DataFrame, rate: float, calibrated_by: int) -> None:
    """Nobody was flagged: raise where that is because the calibration could not have said otherwise."""
    smallest = 1 / (1 + calibrated_by)
    as_extreme = int((units["p"].to_numpy() <= 2 * smallest).sum())
    needed = math.ceil(units.height / (rate * as_extreme)) - 1 if as_extreme else 0
    if needed > calibrated_by:
        raise ReferenceTooSmall(
            f"{as_extreme} of {units.height:,} accounts and rings are as extreme as this calibration can tell, too few"
            f" for a false discovery rate of {rate:g}: it has {calibrated_by:,} accounts and needs {needed:,}, so"
            f" {needed - calibrated_by:,} more trusted accounts; or ask for a higher rate"
        )
