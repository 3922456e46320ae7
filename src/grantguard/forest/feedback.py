"""Teaching: what reviewers say moves the leaves' values, and nothing else.

The score of a row is the mean value of the leaves that it falls in, so a forest is a linear model whose columns
are its leaves. (What its rarest signals say beside the trees is not taught, nor known to the lessons: they would leave
to it what the leaves ought to learn.) Labelled rows teach it as a logistic regression: the log-odds of abuse are the
row's own score, in spreads of the reference, plus what the leaves have learnt, and a penalty on the square of what was
learnt pulls every leaf to its own value. Leaves where nobody labelled ever stood keep it, but for one factor that all
share: how far the forest's own values are believed, which falls where verdicts contradict them. The solution is unique:
the order of the verdicts does not matter, nor does any chance.

Das and others, "Incorporating Feedback into Tree-based Anomaly Detection" (2017), weigh leaves likewise, but by a
hinge loss about the quantile of the top of the list, and by one verdict at a time; here all verdicts count, above the
line or below, and both classes weigh the same. Siddiqui and others, "Feedback-Guided Anomaly Discovery via
Online Optimization" (2018), follow a convex loss by online mirror descent, one answer a step, so that what is learnt
depends on the order and on a rate; here it is solved anew from the forest's own values, with a pull that
cross-validation chooses, and an old lesson can be weighed down when newer ones come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from grantguard.forest.compiled import CompiledForest

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PULLS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Strengths of the pull to the forest's own values, strongest first."""

VERDICT = 10.0
"""What a verdict weighs."""

MOST_STEPS = 300
"""Steps of the solver at most; it needs some tens."""

STEPS_TO_RANK = 60
"""Steps of the solver where only the order of what was left out is asked: it settles long before the optimum."""

FOLDS = 5
"""Parts that verdicts are divided into to choose the pull; each class needs as many groups."""

NEAR = 0.1
"""The share of the genuine rows within which a pull is judged: only the top of the list is ever held."""


@dataclass(frozen=True)
class Lessons:
    """Labelled rows: ``surprise`` (rows, signals), ``abuse``, ``weight``, ``group`` and ``account`` (rows,).

    Rows of one group (a ring, a technique) are never parted when the pull is chosen; ``account`` is a key of the
    account that a verdict is about, 0 for lessons about nobody.
    """

    surprise: NDArray[np.float32]
    abuse: Flags
    weight: Floats
    group: NDArray[np.int64]
    account: NDArray[np.int64]

    @classmethod
    def none(cls, signals: int) -> Lessons:
        """No lesson at all."""
        keys = np.zeros(0, dtype=np.int64)
        return cls(np.zeros((0, signals), dtype=np.float32), np.zeros(0, dtype=np.bool_), np.zeros(0), keys, keys)

    def __len__(self) -> int:
        """Rows."""
        return len(self.abuse)

    def where(self, kept: Flags) -> Lessons:
        """The lessons of some rows."""
        return Lessons(*(getattr(self, field.name)[kept] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Lessons]) -> Lessons:
        """All lessons of the parts, in order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def teach(forest: CompiledForest, lessons: Lessons, pull: float) -> CompiledForest:
    """The forest with its leaf values moved from their own by ``lessons``, against a ``pull`` to stay.

    Weights are taken as they are; ``balance`` makes the classes alike.
    """
    if not len(lessons):
        return forest.with_leaf_values(forest.own)
    places = _place(forest, lessons)
    learnt, belief = _solve(places, _own_odds(forest, lessons), lessons, pull)
    return forest.with_leaf_values(belief * forest.own + forest.spread * np.sqrt(len(forest.roots)) * learnt)


def balance(lessons: Lessons, total: float) -> Lessons:
    """The same lessons, each class weighing half of ``total``; a class alone keeps to its half."""
    weight = lessons.weight.astype(np.float64)
    for of_class in (lessons.abuse, ~lessons.abuse):
        if of_class.any():
            weight[of_class] *= total / 2 / weight[of_class].sum()
    return replace(lessons, weight=weight)


def scale_weight(lessons: Lessons, by: float) -> Lessons:
    """The same lessons, weighing so many times as much."""
    return replace(lessons, weight=lessons.weight * by)


def choose_pull(
    forest: CompiledForest, lessons: Lessons, *, beside: Lessons | None = None, usual: float = PULLS[0]
) -> float | None:
    """The pull by which lessons best rank others that were left out, by group.

    Pulls within a standard error of the best are as good; of these the nearest to the ``usual`` one is chosen.
    Lessons ``beside`` always teach, against the usual pull. With fewer than ``FOLDS`` groups of a class there is
    nothing to choose by, and no answer.
    """
    fold = _folds(lessons)
    if fold is None:
        return None
    parts = [lessons] if beside is None or not len(beside) else [lessons, beside]
    together, fold = Lessons.joined(parts), np.append(fold, np.full(sum(map(len, parts[1:])), -1))
    own, places = _own_odds(forest, together), _place(forest, together)
    ranked = []
    for pull in PULLS:
        share = np.where(fold < 0, pull / usual, 1.0)
        weighed = replace(together, weight=together.weight * share)
        ranked.append([_rank_left_out(own, places, weighed, fold == part, pull) for part in range(FOLDS)])
    areas = np.array(ranked)
    means, best = areas.mean(axis=1), int(areas.mean(axis=1).argmax())
    error = (areas - areas[best]).std(axis=1, ddof=1) / np.sqrt(FOLDS)
    as_good = [pull for pull, mean, slack in zip(PULLS, means, error, strict=True) if mean >= means[best] - slack]
    return min(as_good, key=lambda pull: abs(np.log(pull / usual)))


def _rank_left_out(own: Floats, places: csr_array, lessons: Lessons, asked: Flags, pull: float) -> float:
    """How the others rank the lessons asked about: area under the curve, within ``NEAR`` of the genuine."""
    learnt, belief = _solve(csr_array(places[~asked]), own[~asked], lessons.where(~asked), pull, STEPS_TO_RANK)
    scores = belief * own[asked] + places[asked] @ learnt
    return float(roc_auc_score(lessons.abuse[asked], scores, max_fpr=NEAR))


def _folds(lessons: Lessons) -> NDArray[np.int64] | None:
    """The fold of each lesson; groups whole, classes spread evenly."""
    fold = np.zeros(len(lessons), dtype=np.int64)
    for of_class in (lessons.abuse, ~lessons.abuse):
        rows = np.flatnonzero(of_class)
        groups, place = np.unique(lessons.group[rows], return_inverse=True)
        if len(groups) < FOLDS:
            return None
        fold[rows] = place % FOLDS
    return fold


def _place(forest: CompiledForest, lessons: Lessons) -> csr_array:
    """Which leaf each row falls in, in every tree, as a sparse table (rows, nodes) of like entries."""
    leaves = forest.leaves(lessons.surprise)
    rows, trees = leaves.shape
    entries = np.full(rows * trees, 1 / np.sqrt(trees))
    starts = np.arange(0, rows * trees + 1, trees)
    return csr_array((entries, leaves.ravel(), starts), shape=(rows, len(forest.feature)))


def _own_odds(forest: CompiledForest, lessons: Lessons) -> Floats:
    return forest.with_leaf_values(forest.own).score_by_leaves(lessons.surprise) / forest.spread


def _solve(
    places: csr_array, own: Floats, lessons: Lessons, pull: float, steps: int = MOST_STEPS
) -> tuple[Floats, float]:
    """What the leaves learn (nodes,), 0 where nobody stood, and how far the own odds are believed, 1 without lessons.

    The minimum of the weighted logistic loss and the pull. The last two unknowns are the change of belief and the level
    of the odds. They are pulled too: a single verdict must not be all level.
    """
    stood = np.flatnonzero(np.bincount(places.indices, minlength=places.shape[1]))
    seen = csr_array(places[:, stood])
    across = csr_array(seen.T)
    target = lessons.abuse.astype(np.float64)

    def loss(unknown: Floats) -> tuple[float, Floats]:
        odds = own * (1 + unknown[-2]) + seen @ unknown[:-2] + unknown[-1]
        missed = lessons.weight * (expit(odds) - target)
        value = float(lessons.weight @ (np.logaddexp(0, odds) - target * odds) + pull / 2 * (unknown @ unknown))
        slope = np.concatenate([across @ missed, [missed @ own, missed.sum()]])
        return value, slope + pull * unknown

    # The vectors are short: threads of the linear algebra would wait for each other longer than they work.
    with threadpool_limits(1, user_api="blas"):
        found = minimize(loss, np.zeros(len(stood) + 2), jac=True, method="L-BFGS-B", options={"maxiter": steps})
    learnt = np.zeros(places.shape[1])
    learnt[stood] = found.x[:-2]
    return learnt, 1 + float(found.x[-2])
