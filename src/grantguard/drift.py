"""Drift: whether the signals, and the promises, are still what they were when the forest was made.

Signals are compared by the population stability index and by the Kolmogorov-Smirnov distance, the remembered
accounts weighed so that their ages and payment are as mixed as the new ones: a younger population is no drift.
The index of two samples is by chance about chi-squared over their sizes (Yurdakul and Naranjo, 2020), so that a
small sample raises no alarm. The promise is that p-values are no smaller than uniform on accounts that can be
trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import chi2, ksone

from grantguard.assessment import Assessment, assess
from grantguard.contract import Tables
from grantguard.facts import is_silent
from grantguard.faults import Fault, find_faults, leave_out
from grantguard.forest import Bundle, stratum_of
from grantguard.signals import CATALOGUE
from grantguard.training import NAMES, Recipe, assign_roles

Floats = NDArray[np.float64]

UNSTABLE = 0.25
"""The population stability index from which a signal counts as drifted, the figure of credit scoring."""

BINS = 10
"""Bins of equal remembered mass that the index is taken over."""

CHANCE = 0.001
"""How rarely the index, or p-values, may be so far off by chance alone before they count."""

FEW_SHOW = 50
"""Accounts that must show a signal on both sides before it is compared."""

MANY_DRIFTED = 0.2
"""The share of the comparable signals whose drifting says: make a new forest."""

BROKEN = 0.15
"""How far trusted accounts' p-values may go beyond uniform; gamers not yet seen make up to 0.1."""

GONE = 0.5
"""A signal shown by less than this share of those who used to show it has fallen silent."""


@dataclass(frozen=True)
class Uniformity:
    """How p-values keep their promise on trusted accounts: ``excess`` (0 to 1), its chance, and those at 5 % or less.

    The excess is the most by which the share of p-values at or below any level goes beyond that level. A share that
    stays below breaks no promise: accounts older than most that calibrated are read cautiously, and are so by right.
    """

    accounts: int
    excess: float
    chance: float
    at_five_percent: float

    @property
    def is_broken(self) -> bool:
        """Whether the promise no longer holds, beyond chance."""
        return self.excess > BROKEN and self.chance < CHANCE


@dataclass(frozen=True)
class Drift:
    """What changed: ``signals`` (signal, family, psi, ks, shown_then, shown_now, drifted, silent), and the promise."""

    signals: pl.DataFrame
    uniformity: Uniformity
    faults: tuple[Fault, ...]

    @property
    def silent_families(self) -> tuple[str, ...]:
        """Families most of whose signals have fallen silent."""
        told = self.signals.filter(pl.col("shown_then") > 0).group_by("family", maintain_order=True)
        return tuple(told.agg(pl.col("silent").mean()).filter(pl.col("silent") > 0.5)["family"])

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why to train anew; none: go on with this forest."""
        said = []
        compared = self.signals.filter(pl.col("psi").is_not_null())
        drifted = compared["drifted"].sum()
        if compared.height and drifted / compared.height > MANY_DRIFTED:
            said.append(f"{drifted} of {compared.height} signals have drifted")
        if self.uniformity.is_broken:
            said.append(
                f"p-values of {self.uniformity.accounts:,} trusted accounts are {self.uniformity.excess:.2f} beyond"
                f" uniform; {self.uniformity.at_five_percent:.1%} are at or below 5 %"
            )
        if self.silent_families:
            said.append(f"silent: {', '.join(self.silent_families)}")
        return tuple(said)


def measure_drift(tables: Tables, bundle: Bundle, at: datetime) -> Drift:
    """What changed between the accounts that ``bundle`` was made with and those of ``tables`` as of ``at``."""
    faults = find_faults(tables)
    return find_drift(assess(leave_out(tables, faults), bundle, at), bundle, faults)


def find_drift(assessed: Assessment, bundle: Bundle, faults: tuple[Fault, ...] = ()) -> Drift:
    """What changed between the accounts that ``bundle`` was made with and those that it has assessed."""
    heard = ~is_silent(assessed.signals)
    # In the precision of what is remembered: a rounded edge must not part equal values.
    now = assessed.signals.select(NAMES).to_numpy().astype(np.float32).astype(np.float64)[heard]
    facts = assessed.decided.filter(pl.Series(heard))
    strata = stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())
    rows = [
        _compare(name, family, bundle.baseline.table[:, i].astype(np.float64), now[:, i], _weigh(bundle, strata))
        for i, (name, family) in enumerate((each.name, each.family) for each in CATALOGUE)
    ]
    promise = _test_promise(assessed, bundle)
    return Drift(pl.DataFrame(rows, infer_schema_length=None), promise, faults)


def _weigh(bundle: Bundle, strata: NDArray[np.int64]) -> Floats:
    """Weights of the remembered accounts that make their strata as mixed as the new ones."""
    then = bundle.baseline.strata
    size = max(then.max(initial=0), strata.max(initial=0)) + 1
    had, has = (np.bincount(each, minlength=size) / max(len(each), 1) for each in (then, strata))
    weight: Floats = np.divide(has, had, out=np.zeros(size), where=had > 0)[then]
    return weight if weight.sum() > 0 else np.ones(len(then))


def _compare(name: str, family: str, then: Floats, now: Floats, weight: Floats) -> dict[str, object]:
    shown, showing = ~np.isnan(then), ~np.isnan(now)
    share_then = float(weight[shown].sum() / weight.sum()) if weight.sum() else 0.0
    share_now = float(showing.mean()) if len(now) else 0.0
    row: dict[str, object] = {"signal": name, "family": family, "psi": None, "ks": None}
    effective = weight[shown].sum() ** 2 / max((weight[shown] ** 2).sum(), 1e-12)
    drifted = False
    if min(effective, showing.sum()) >= FEW_SHOW:
        psi, bins = find_instability(then[shown], now[showing], weight[shown])
        by_chance = chi2.ppf(1 - CHANCE, max(bins - 1, 1)) * (1 / effective + 1 / showing.sum())
        drifted = psi > max(UNSTABLE, by_chance)
        row |= {"psi": psi, "ks": find_distance(then[shown], now[showing], weight[shown])}
    fell = share_then * len(now) >= FEW_SHOW and share_now < GONE * share_then
    return row | {"shown_then": share_then, "shown_now": share_now, "drifted": bool(drifted), "silent": bool(fell)}


def find_instability(then: Floats, now: Floats, weight: Floats) -> tuple[float, int]:
    """The population stability index of two samples, the first weighed, and the number of bins that it took."""
    order = np.argsort(then)
    mass = np.cumsum(weight[order]) / weight.sum()
    places = np.searchsorted(mass, np.arange(1, BINS) / BINS).clip(0, len(then) - 1)
    edges = np.unique(then[order][places])
    before = np.bincount(np.searchsorted(edges, then, side="left"), weights=weight, minlength=len(edges) + 1)
    after = np.bincount(np.searchsorted(edges, now, side="left"), minlength=len(edges) + 1).astype(np.float64)
    # Half an account in an empty bin keeps the logarithm finite.
    p = (before / weight.sum()).clip(0.5 / len(then))
    q = (after / len(now)).clip(0.5 / len(now))
    return float(((q - p) * np.log(q / p)).sum()), len(p)


def find_distance(then: Floats, now: Floats, weight: Floats) -> float:
    """The Kolmogorov-Smirnov distance of two samples, the first weighed."""
    points = np.unique(np.concatenate([then, now]))
    order = np.argsort(then)
    mass = np.concatenate([[0.0], np.cumsum(weight[order]) / weight.sum()])
    before = mass[np.searchsorted(then[order], points, side="right")]
    after = np.searchsorted(np.sort(now), points, side="right") / len(now)
    return float(np.abs(before - after).max())


def _test_promise(assessed: Assessment, bundle: Bundle) -> Uniformity:
    """How uniform trusted accounts' smoothed p-values are, ties spread evenly over what they share."""
    heard = ~is_silent(assessed.signals)
    trusted = heard & (assign_roles(assessed.decided, ~heard, Recipe(least=0)) != "outside")
    if not trusted.any():
        return Uniformity(0, 0.0, 1.0, 0.0)
    facts = assessed.decided.filter(pl.Series(trusted))
    scores = facts["score"].to_numpy()
    strata = stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())
    high = bundle.calibration.p_value(scores, strata)
    excess = find_excess(bundle.calibration.p_without_ties(scores, strata), high)
    # Two samples meet, the accounts and those that calibrated: both sizes make the excess uncertain.
    size = round(1 / (1 / len(high) + 1 / max(bundle.calibration.accounts, 1)))
    return Uniformity(len(high), excess, float(ksone.sf(excess, max(size, 1))), float((high <= 0.05).mean()))


def find_excess(low: Floats, high: Floats) -> float:
    """How far p-values that lie evenly between ``low`` and ``high`` go beyond uniform: one-sided Kolmogorov-Smirnov."""
    points = np.unique(np.concatenate([low, high]))
    width = np.maximum(high - low, 1e-12)
    shares = np.array([np.clip((point - low) / width, 0, 1).mean() for point in points])
    return float((shares - points).max(initial=0.0))
