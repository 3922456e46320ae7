"""The detector: scikit-learn grows the trees on everyone, a trusted reference gives the leaves their values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.ensemble import IsolationForest
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from grantguard.forest.calibration import risk_of
from grantguard.forest.compiled import CompiledForest
from grantguard.forest.feedback import VERDICT, Lessons, balance, choose_pull, teach
from grantguard.forest.scale import Scale

Floats = NDArray[np.float64]

USUAL_PULL = 3.0
"""The pull of the leaves to their own values where there are too few verdicts to choose it by."""


class RiskForest(OutlierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """An isolation forest whose places come from everyone and whose values come from a reference.

    It works on any numeric table, pandas or numpy, and keeps scikit-learn's conventions: ``score_samples`` is lower for
    the more abnormal, ``predict`` says -1 of the ``contamination`` most abnormal. ``risk`` is ours: higher is more
    suspicious. Missing values are allowed and are never odd.

    Parameters
    ----------
    n_estimators
        Trees.
    max_samples
        Rows that each tree is grown on.
    signs
        +1 for each column whose high side is suspicious, -1 for its low side, 0 for either; None: either for all.
    chances
        How many chances of being split on each column has; None: one each. Where one kind of evidence has many
        columns, more chances for the others keep it from drowning them.
    loudness
        How many spreads of the reference's scores a power of ten of each column adds where it is among a row's rarest
        four, beside what the trees say; None: nothing.
    contamination
        The share of the rows of ``fit`` that ``predict`` calls outliers.
    random_state
        The seed of all that is drawn.

    Attributes
    ----------
    scale_ : Scale
        The reference's distributions.
    forest_ : sklearn.ensemble.IsolationForest
        The trees.
    compiled_ : CompiledForest
        The same trees as flat arrays, with valued leaves.
    lessons_ : Lessons
        What ``feedback`` has been told so far.
    offset_ : float
        The score below which a row is an outlier.

    Notes
    -----
    Liu, Ting and Zhou, "Isolation Forest", 2008, gives the trees. A leaf's value is -log of the reference's
    mass in it rather than its depth: a dense farm is shallow for nobody, but the reference is not there.
    """

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        max_samples: int = 256,
        signs: ArrayLike | None = None,
        chances: ArrayLike | None = None,
        loudness: ArrayLike | None = None,
        contamination: float = 0.01,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.signs = signs
        self.chances = chances
        self.loudness = loudness
        self.contamination = contamination
        self.random_state = random_state

    def fit(
        self, X: ArrayLike | pd.DataFrame, y: ArrayLike | None = None, *, reference: ArrayLike | None = None
    ) -> Self:
        """Grow trees on ``X`` (rows, columns) and value the leaves by ``reference``, or by ``X`` itself.

        ``y`` is there for scikit-learn's pipelines and is not read: verdicts are for ``feedback``.
        """
        del y
        everyone = self._read(X, reset=True)
        trusted = everyone if reference is None else self._read(reference, reset=False)
        width = everyone.shape[1]
        signs = np.zeros(width) if self.signs is None else np.asarray(self.signs, dtype=np.float64)
        chances = np.ones(width, dtype=np.int64) if self.chances is None else np.asarray(self.chances)
        columns = np.repeat(np.arange(width), chances)
        self.scale_ = Scale.fit(trusted, signs)
        self.forest_ = IsolationForest(
            n_estimators=self.n_estimators,
            max_samples=min(self.max_samples, len(everyone)),
            random_state=check_random_state(self.random_state),
        ).fit(self.scale_.surprise(everyone)[:, columns])
        surprise = self.scale_.surprise(trusted)
        self.lessons_ = Lessons.none(width)
        self.reference_ = surprise.astype(np.float32)
        loudness = np.zeros(width) if self.loudness is None else np.asarray(self.loudness, dtype=np.float64)
        return self.adopt(replace(CompiledForest.of(self.forest_, columns), loudness=loudness).valued_by(surprise))

    def feedback(self, X: ArrayLike | pd.DataFrame, y: ArrayLike) -> Self:
        """Move the leaves' values by verdicts on the rows of ``X``: 1 for abuse, 0 for genuine.

        Verdicts add to those of earlier calls; a row with NaN in ``y`` has none.
        """
        check_is_fitted(self)
        said, rows = np.asarray(y, dtype=np.float64), self._read(X, reset=False)
        if said.shape != (len(rows),) or not np.isin(said[~np.isnan(said)], (0, 1)).all():
            raise ValueError("y: expected one verdict a row: 1 for abuse, 0 for genuine, NaN for none")
        told = ~np.isnan(said)
        before = len(self.lessons_)
        names = np.arange(before, before + int(told.sum()))
        surprise = self.scale_.surprise(rows[told]).astype(np.float32)
        new = Lessons(surprise, said[told] == 1, np.ones(len(names)), names, names)
        self.lessons_ = Lessons.joined([self.lessons_, new])
        weighed = balance(self.lessons_, VERDICT * len(self.lessons_))
        pull = choose_pull(self.compiled_, weighed, usual=USUAL_PULL) or USUAL_PULL
        return self.adopt(teach(self.compiled_, weighed, pull))

    def adopt(self, compiled: CompiledForest) -> Self:
        """Take over leaf values: ``compiled`` is this forest's own, valued or taught."""
        self.compiled_ = compiled
        self.reference_scores_ = self.compiled_.score(self.reference_)
        self.offset_ = float(np.quantile(-self.reference_scores_, self.contamination))
        return self

    def risk_score(self, X: ArrayLike | pd.DataFrame) -> Floats:
        """How suspicious each row is, higher being more so; without feedback and loudness the reference's mean is 0."""
        check_is_fitted(self)
        return self.compiled_.score(self.scale_.surprise(self._read(X, reset=False)))

    def risk(self, X: ArrayLike | pd.DataFrame) -> Floats:
        """0 to 1, strictly increasing with ``risk_score``: 0.5 for one in a hundred of the reference."""
        return risk_of(self.reference_scores_, self.risk_score(X))

    def explain(self, X: ArrayLike | pd.DataFrame) -> pd.DataFrame:
        """What each column adds to each row's ``risk_score``, named and indexed as ``X``; a row sums to its score."""
        check_is_fitted(self)
        shares = self.compiled_.contributions(self.scale_.surprise(self._read(X, reset=False)))
        names = getattr(self, "feature_names_in_", [f"x{i}" for i in range(self.n_features_in_)])
        return pd.DataFrame(shares, columns=list(names), index=getattr(X, "index", None))

    def score_samples(self, X: ArrayLike | pd.DataFrame) -> Floats:
        """scikit-learn's sign: lower is more abnormal."""
        return -self.risk_score(X)

    def decision_function(self, X: ArrayLike | pd.DataFrame) -> Floats:
        """``score_samples`` less ``offset_``: below 0 is an outlier."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.int64]:
        """-1 for an outlier, 1 for the others."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _read(self, X: ArrayLike | pd.DataFrame, *, reset: bool) -> Floats:
        table: Floats = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        return table

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn publishes no types
        """What scikit-learn's checks may expect: missing values are allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
