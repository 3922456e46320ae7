"""The detector: scikit-learn grows the trees on everyone, a trusted reference gives the leaves their values."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.ensemble import IsolationForest
from sklearn.utils.validation import check_is_fitted

from grantguard.forest.compiled import CompiledForest
from grantguard.forest.scale import Scale

Floats = NDArray[np.float64]


class RiskForest(OutlierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """An isolation forest whose places come from everyone and whose values come from a reference.

    Parameters
    ----------
    n_estimators
        Trees.
    max_samples
        Rows that each tree is grown on.
    signs
        +1 for each column whose high side is suspicious, -1 for its low side; None: all high.
    chances
        How many chances of being split on each column has; None: one each. Where one kind of evidence has many
        columns, more chances for the others keep it from drowning them.
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

    Notes
    -----
    Liu, Ting and Zhou, "Isolation Forest", 2008, gives the trees. A leaf's value is -log of the reference's
    mass in it rather than its depth: a dense farm is shallow for nobody, but the reference is not there.
    """

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        max_samples: int = 512,
        signs: ArrayLike | None = None,
        chances: ArrayLike | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.signs = signs
        self.chances = chances
        self.random_state = random_state

    def fit(self, X: ArrayLike | pd.DataFrame, y: None = None, *, reference: ArrayLike | None = None) -> Self:
        """Grow trees on ``X`` (accounts, signals) and value the leaves by ``reference``, or by ``X`` itself.

        NaN is a signal that says nothing; ``y`` is there for scikit-learn's pipelines and must be None.
        """
        if y is not None:
            raise ValueError("verdicts do not grow trees: fit takes no y")
        everyone = _as_table(X)
        trusted = everyone if reference is None else _as_table(reference)
        signs = np.ones(everyone.shape[1]) if self.signs is None else np.asarray(self.signs, dtype=np.float64)
        self.scale_ = Scale.fit(trusted, signs)
        chances = np.ones(len(signs), dtype=np.int64) if self.chances is None else np.asarray(self.chances)
        columns = np.repeat(np.arange(len(signs)), chances)
        self.forest_ = IsolationForest(
            n_estimators=self.n_estimators,
            max_samples=min(self.max_samples, len(everyone)),
            random_state=self.random_state,
        ).fit(self.scale_.surprise(everyone)[:, columns])
        self.compiled_ = CompiledForest.of(self.forest_, columns).valued_by(self.scale_.surprise(trusted))
        self.n_features_in_ = everyone.shape[1]
        return self

    def risk_score(self, X: ArrayLike | pd.DataFrame) -> Floats:
        """How suspicious each row is, higher being more so; the reference's mean is 0."""
        check_is_fitted(self)
        return self.compiled_.score(self.scale_.surprise(_as_table(X)))

    def score_samples(self, X: ArrayLike | pd.DataFrame) -> Floats:
        """scikit-learn's sign: lower is more abnormal."""
        return -self.risk_score(X)


def _as_table(X: ArrayLike | pd.DataFrame) -> Floats:
    table = np.asarray(X, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"expected a table of accounts by signals, got {table.ndim} dimension(s)")
    return table
