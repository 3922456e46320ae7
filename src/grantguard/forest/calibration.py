"""Calibration: from scores to rarities among comparable reference accounts, at one look and over a life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grantguard.forest.company import Company

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LANDMARKS = {"hour": 1 / 24, "quarter": 0.25, "day": 1.0, "three days": 3.0, "week": 7.0, "month": 30.0}
"""Ages, in days since the first grant, at which reference accounts are remembered."""

STRATA = tuple(f"{age}, {paid}" for age in LANDMARKS for paid in ("unpaid", "paid"))

THIN = 100
"""A stratum with fewer reference accounts is read together with all of its payment side, or with all."""

TIED = 1e-9
"""Scores this near are as extreme as each other: the last digits of a sum are the machine's, not the account's."""


def stratum_of(age_days: Floats, has_paid: Flags) -> Ints:
    """The index into ``STRATA`` of accounts of these ages (days since the first grant; NaN: none).

    An account is compared with reference accounts at the landmark nearest to its age, in ratio.
    """
    landmarks = np.array(list(LANDMARKS.values()))
    between = np.sqrt(landmarks[1:] * landmarks[:-1])
    age = np.searchsorted(between, np.nan_to_num(age_days, nan=0.0), side="right")
    return 2 * age + has_paid.astype(np.int64)


@dataclass(frozen=True)
class Calibration:
    """Reference accounts that valued and taught no leaf, as they stood at landmarks, a row each.

    ``surprise`` (rows, signals), ``strata`` and ``account`` (rows,) are what is remembered; ``scores`` (rows,) and
    ``kinds`` (rows, kinds of evidence) what the forest now says of it. ``typical`` (``STRATA``, signals) is each
    stratum's median, NaN where most in it do not show the signal. ``others`` (others, signals) are the surprises, by
    themselves, of who stands near them, as ``near_row``, ``near_other`` and ``nearness`` (pairs,) say; ``usual``
    (1 + kinds,) what the forest says of the reference's own accounts by themselves, and ``lent`` (rows,) the part of
    ``scores`` that is company's.
    """

    surprise: NDArray[np.float32]
    strata: Ints
    account: Ints
    typical: Floats
    scores: Floats
    kinds: Floats
    others: NDArray[np.float32]
    near_row: Ints
    near_other: Ints
    nearness: Floats
    usual: Floats
    lent: Floats

    @classmethod
    def of(
        cls, table: Floats, surprise: Floats, strata: Ints, account: Ints, company: Company, others: Floats
    ) -> Calibration:
        """Remember reference accounts by their signals (rows, signals) and ``others`` near them; none is scored yet."""
        none = np.zeros(len(strata))
        blank = cls(
            surprise=surprise.astype(np.float32),
            strata=strata,
            account=account,
            typical=np.empty((0, 0)),
            scores=none,
            kinds=none[:, None],
            others=others.astype(np.float32),
            near_row=company.row,
            near_other=company.other,
            nearness=company.strength,
            usual=none[:0],
            lent=none,
        )
        typical = [_medians(table[blank._comparable(stratum)]) for stratum in range(len(STRATA))]
        return replace(blank, typical=np.stack(typical))

    def scored(self, see: Callable[[Floats], Floats], see_alone: Callable[[Floats], Floats]) -> Calibration:
        """The same accounts as a forest sees them: of surprises (rows, signals) it tells what ``company.rate`` does."""
        surprise, others = self.surprise.astype(np.float64), self.others.astype(np.float64)
        usual = see_alone(surprise).mean(axis=0)
        lent = self._company.lend(see_alone(others) - usual, len(surprise))
        seen = see(surprise) + lent
        return replace(self, scores=seen[:, 0], kinds=seen[:, 1:], usual=usual, lent=lent[:, 0])

    @property
    def _company(self) -> Company:
        return Company(self.near_row, self.near_other, self.nearness)

    def without(self, accounts: Ints) -> Calibration:
        """The same without some accounts; to be scored again."""
        kept = ~np.isin(self.account, accounts)
        names = ("surprise", "strata", "account", "scores", "kinds", "lent")
        parts = {name: getattr(self, name)[kept] for name in names}
        company = self._company.among(kept)
        return replace(self, near_row=company.row, near_other=company.other, nearness=company.strength, **parts)

    def seen_by(self, other: Calibration, accounts: Ints) -> Calibration:
        """The same, but for ``accounts``, who are as ``other``, of the same rows, has them."""
        those = np.isin(self.account, accounts)
        return replace(
            self,
            scores=np.where(those, other.scores, self.scores),
            kinds=np.where(those[:, None], other.kinds, self.kinds),
            lent=np.where(those, other.lent, self.lent),
        )

    @property
    def accounts(self) -> int:
        """How many reference accounts are remembered."""
        return len(np.unique(self.account))

    def p_value(self, scores: Floats, strata: Ints) -> Floats:
        """(1 + comparable reference accounts at least as extreme) / (1 + comparable reference accounts)."""
        return self._by_stratum(0, scores, strata)

    def p_without_ties(self, scores: Floats, strata: Ints) -> Floats:
        """The share of comparable reference accounts that are more extreme, where ``p_value`` counts ties and itself.

        Evenly between the two lies the smoothed p-value, uniform also where many accounts are alike (Vovk, Gammerman
        and Shafer, "Algorithmic Learning in a Random World", 2005).
        """
        return self._by_stratum(0, scores, strata, ties=0)

    def kind_p_values(self, kinds: Floats, strata: Ints) -> Floats:
        """The same for each kind of evidence's contributions, (accounts, kinds)."""
        columns = [self._by_stratum(1 + kind, kinds[:, kind], strata) for kind in range(kinds.shape[1])]
        return np.stack(columns, axis=1)

    def tail_of_lent(self, lent: Floats) -> Floats:
        """The share of the reference to whom company lends at least as much."""
        ordered = np.sort(self.lent)
        share: Floats = 1 - np.searchsorted(ordered, lent - TIED, side="left") / max(len(ordered), 1)
        return share

    def p_ever(self, scores: Floats, strata: Ints) -> Floats:
        """The share of reference accounts that, looked at at every landmark, ever stood so high.

        Looking often is not looking once: who stops accounts by this number and a budget stops no more than the
        budget of genuine accounts over their lives, however many landmarks they are looked at. One line runs through
        all ages, so that the budget is spent where a score tells most; those who have paid have a line of their own.
        """
        shares = np.ones(len(scores))
        for side, line in enumerate(self._lines):
            rows = strata % 2 == side
            shares[rows] = conformal_p(line, scores[rows])
        at_most: Floats = np.searchsorted(self._rarest_first, shares, side="right").astype(np.float64)
        return (1 + at_most) / (1 + len(self._rarest_first))

    def _by_stratum(self, column: int, asked: Floats, strata: Ints, *, ties: int = 1) -> Floats:
        """Against the scores (column 0), or a kind's."""
        result = np.ones(len(asked))
        for stratum in np.unique(strata):
            rows = strata == stratum
            result[rows] = conformal_p(self._ordered[stratum][:, column], asked[rows], ties=ties)
        return result

    @cached_property
    def _ordered(self) -> list[Floats]:
        """What those comparable in each stratum score, and what their kinds do, each column in order."""
        columns = np.column_stack([self.scores, self.kinds])
        return [np.sort(columns[self._comparable(stratum)], axis=0) for stratum in range(len(STRATA))]

    @cached_property
    def _lives(self) -> list[tuple[Ints, Floats]]:
        """Unpaid and paid: the accounts that ever were, and the highest score of each while they were."""
        return [_highest(self.account[rows], self.scores[rows]) for rows in map(self._on_side, (0, 1))]

    @cached_property
    def _lines(self) -> list[Floats]:
        return [np.sort(highest) for _, highest in self._lives]

    @cached_property
    def _rarest_first(self) -> Floats:
        """The smallest share that each account ever was among, itself counted."""
        accounts = np.unique(self.account)
        rarest = np.ones(len(accounts))
        for (those, highest), line in zip(self._lives, self._lines, strict=True):
            lower = np.searchsorted(line, highest - TIED, side="left")
            np.minimum.at(rarest, np.searchsorted(accounts, those), (len(highest) - lower) / len(highest))
        return np.sort(rarest)

    @cached_property
    def _curve(self) -> tuple[Floats, Floats]:
        return _rarity_curve(self.scores)

    def _comparable(self, stratum: int) -> Flags:
        own = self.strata == stratum
        return own if own.sum() >= THIN else self._on_side(stratum % 2)

    def _on_side(self, side: int) -> Flags:
        """Those who have not paid (0), or who have (1); of too few, everybody."""
        own: Flags = self.strata % 2 == side
        return own if own.sum() >= THIN else np.ones(len(own), dtype=np.bool_)

    def risk(self, scores: Floats) -> Floats:
        """0 to 1, strictly increasing with the score; see ``risk_of``."""
        return _follow(self._curve, scores)


def _highest(accounts: Ints, scores: Floats) -> tuple[Ints, Floats]:
    """Each account once, and its highest score."""
    once, place = np.unique(accounts, return_inverse=True)
    highest = np.full(len(once), -np.inf)
    np.maximum.at(highest, place, scores)
    return once, highest


def risk_of(reference: Floats, scores: Floats) -> Floats:
    """0 to 1, strictly increasing with the score and pinned to rarities, so that versions compare.

    With s the powers of ten of the score's rarity in the reference, risk is s / (s + 2): one account in a
    hundred has 0.5, one in ten thousand 0.67. Beyond the reference, s goes on along its last decade's slope.
    """
    return _follow(_rarity_curve(reference), scores)


def _follow(curve: tuple[Floats, Floats], scores: Floats) -> Floats:
    knots, powers = curve
    inside = np.interp(scores, knots, powers)
    slope = max((powers[-1] - powers[-2]) / (knots[-1] - knots[-2]), 1e-6)
    beyond = np.maximum(scores - knots[-1], 0.0) * slope
    before = np.exp(np.minimum(scores - knots[0], 0.0))
    rarity = (inside + beyond) * before
    risk: Floats = rarity / (rarity + 2)
    return risk


def _rarity_curve(reference: Floats) -> tuple[Floats, Floats]:
    ordered = np.sort(reference)
    shares = np.array([1.0, 0.75, 0.5, 0.25, 0.1, 0.03, 0.01])
    shares = shares[shares * len(ordered) >= 3]
    if not len(shares):
        return np.array([ordered[0], ordered[0] + 1.0]), np.array([0.01, 1.0])
    knots = np.quantile(ordered, 1 - shares)
    # A quantile that does not rise would make the curve flat, and risk no longer strictly increasing.
    rises = np.concatenate([[True], np.diff(np.maximum.accumulate(knots)) > 1e-9])
    powers = -np.log10(shares) + 0.01
    if rises.sum() < 2:
        return np.array([knots[0], knots[0] + 1.0]), np.array([powers[0], max(powers[-1], 1.0)])
    return knots[rises], powers[rises]


def _medians(table: Floats) -> Floats:
    """Of each column, the middle of the values; NaN where most rows have none, for then to have none is typical."""
    known = [column[~np.isnan(column)] for column in table.T]
    return np.array([np.median(each) if 0 < len(table) <= 2 * each.size else np.nan for each in known])


def conformal_p(ordered: Floats, scores: Floats, *, ties: int = 1) -> Floats:
    """(1 + reference scores at least as high) / (1 + reference scores), for each score; ``ties=0``: those higher.

    ``ordered`` are the reference scores, the lowest first.
    """
    before = np.searchsorted(ordered, scores - TIED if ties else scores + TIED, side="left")
    return (ties + len(ordered) - before) / (1 + len(ordered))
