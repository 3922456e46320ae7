"""A forest as flat arrays: places from the trees, values from the reference, reasons from the path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from sklearn.ensemble import IsolationForest
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import NODE_DTYPE, Tree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.floating]

MANY = 512
"""Rows from which it is quicker to go tree by tree than, all trees at once, level by level."""

ROWS_AT_ONCE = 4096
"""Rows that descend together: the places of all trees for so many fit a core's cache share."""

SHARPEST = 4
"""Signals, each row's rarest, that speak for themselves beside the trees."""


@dataclass(frozen=True)
class CompiledForest:
    """All trees side by side, node n of tree t at ``roots[t] + n``; a leaf is its own child.

    ``feature``, ``threshold``, ``children`` (nodes, 2) lead down; ``path_length`` is scikit-learn's depth of
    each leaf; ``grown_on`` counts training samples, ``mass`` the reference's accounts; ``value`` is a leaf's
    suspicion and, above the leaves, the reference's mean of the leaves below; ``own`` is what ``value`` was before
    anybody taught it. ``norm`` is the mean path length of a tree's sample, ``signals`` the width of a row,
    ``spread`` the standard deviation of the reference's own scores by its leaves.

    Beside the leaves, what is rarest about a row speaks for itself: trees ask each signal so seldom that one value
    that nobody in the reference shows is lost among the rest. ``loudness`` (signals,) says how many spreads a power
    of ten of each signal adds, where it is among a row's ``SHARPEST``. No teaching moves that.
    """

    roots: Ints
    feature: Ints
    threshold: Floats
    children: Ints
    path_length: Floats
    grown_on: Floats
    mass: Floats
    value: Floats
    own: Floats
    depth: int
    norm: float
    spread: float
    signals: int
    loudness: Floats

    @classmethod
    def of(cls, forest: IsolationForest, columns: Ints | None = None) -> CompiledForest:
        """Flatten a fitted forest; every leaf's value is 0 until a reference gives it one.

        The forest must have been grown on all columns (``max_features=1.0``). ``columns`` says which signal each
        of them was, where they are not the signals in order.
        """
        signal_of = np.arange(int(forest.n_features_in_)) if columns is None else columns
        trees = [each.tree_ for each in forest.estimators_]
        sizes = [tree.node_count for tree in trees]
        roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        is_leaf = np.concatenate([tree.children_left < 0 for tree in trees])
        own = np.arange(len(is_leaf), dtype=np.int64)
        shifts = np.repeat(roots, sizes)
        sides = [
            np.concatenate([getattr(tree, side) for tree in trees]) for side in ("children_left", "children_right")
        ]
        children = np.stack([np.where(is_leaf, own, side + shifts) for side in sides], axis=1).astype(np.int64)
        counts = np.concatenate([tree.n_node_samples for tree in trees]).astype(np.float64)
        depths = np.concatenate([_depths(each) for each in forest.estimators_])
        return cls(
            roots=roots,
            feature=signal_of[np.concatenate([tree.feature for tree in trees]).clip(0)],
            threshold=np.where(is_leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
            children=children,
            path_length=np.where(is_leaf, depths + mean_path_length(counts), 0.0),
            grown_on=counts,
            mass=np.zeros(len(own)),
            value=np.zeros(len(own)),
            own=np.zeros(len(own)),
            spread=1.0,
            depth=int(depths.max()),
            signals=int(signal_of.max()) + 1,
            norm=float(mean_path_length(np.array([float(forest.max_samples_)]))[0]),
            loudness=np.zeros(int(signal_of.max()) + 1),
        )

    def leaves(self, surprise: Rows) -> Ints:
        """The leaf of each row in each tree, (rows, trees)."""
        if len(surprise) >= MANY:
            rows = np.ascontiguousarray(surprise, dtype=np.float32)
            return np.stack([root + tree.apply(rows) for root, tree in self._trees], axis=1)
        return self._descend(surprise)

    @cached_property
    def _trees(self) -> list[tuple[int, Tree]]:
        """Each tree as scikit-learn's, beside its root: many rows descend one tree after the other."""
        ends = np.append(self.roots, len(self.feature))
        return [(int(root), self._tree(slice(root, end))) for root, end in pairwise(ends)]

    def _tree(self, part: slice) -> Tree:
        nodes = np.zeros(part.stop - part.start, dtype=NODE_DTYPE)
        below = np.where(self._is_leaf[part, None], -1, self.children[part] - part.start)
        nodes["left_child"], nodes["right_child"] = below.T
        nodes["feature"], nodes["threshold"] = self.feature[part], self.threshold[part]
        state = {"max_depth": self.depth, "node_count": len(nodes), "nodes": nodes}
        tree = Tree(self.signals, np.ones(1, dtype=np.intp), 1)
        tree.__setstate__({**state, "values": np.zeros((len(nodes), 1, 1))})
        return tree

    def find_gaps(self, surprise: Rows) -> Ints:
        """How many of a signal's splits, in all trees, lie below each value, (rows, signals).

        Rows with the same of all signals end in the same leaf of every tree.
        """
        rows = surprise.astype(np.float32).astype(np.float64)  # as scikit-learn compares
        gaps = [np.searchsorted(splits, column) for splits, column in zip(self._splits, rows.T, strict=True)]
        return np.stack(gaps, axis=1)

    @cached_property
    def _splits(self) -> list[Floats]:
        """Where each signal is split, the lowest first."""
        inner = ~self._is_leaf
        return [np.unique(self.threshold[inner & (self.feature == signal)]) for signal in range(self.signals)]

    def _descend(self, surprise: Rows) -> Ints:
        rows = surprise.astype(np.float32).ravel()  # as scikit-learn compares
        starts = self._row_starts(len(surprise))
        place = np.broadcast_to(self.roots, (len(surprise), len(self.roots)))
        for _ in range(self.depth):
            place = self._step(rows, starts, place)
        return place

    def _row_starts(self, count: int) -> Ints:
        """Where each row begins in the flattened rows, (rows, 1)."""
        return np.arange(count)[:, None] * self.signals

    def _step(self, rows: NDArray[np.float32], starts: Ints, place: Ints) -> Ints:
        """One level down, all rows in all trees at once; flat ``take`` is what makes a single row quick."""
        cells = self.feature.take(place) + starts if len(starts) > 1 else self.feature.take(place)
        beyond = rows.take(cells) > self.threshold.take(place)
        return self.children.take(2 * place + beyond)

    def mean_depth(self, surprise: Rows) -> Floats:
        """scikit-learn's mean path length of each row."""
        return np.concatenate([self._mean_over_trees(self.path_length, part) for part in _parts(surprise)])

    def _mean_over_trees(self, told: Floats, surprise: Rows) -> Floats:
        """The mean of what the leaves of each row have ``told``."""
        if len(surprise) < MANY:
            few: Floats = told.take(self._descend(surprise)).mean(axis=1)
            return few
        rows = np.ascontiguousarray(surprise, dtype=np.float32)
        total: Floats = np.zeros(len(surprise))
        for root, tree in self._trees:
            total += told[root:].take(tree.apply(rows))
        mean: Floats = total / len(self.roots)
        return mean

    def score(self, surprise: Rows) -> Floats:
        """The mean leaf value of each row less the reference's mean, and what is rarest: higher is more suspicious."""
        sharp = [_largest(self._by_itself(part)).sum(axis=1) for part in _parts(surprise)]
        return self.score_by_leaves(surprise) + (np.concatenate(sharp) if sharp else 0.0)

    def contributions(self, surprise: Rows) -> Floats:
        """What each signal adds to each row's score, (rows, signals); a row sums to its score."""
        shares = [self._contribute(part.astype(np.float32)) + self.sharpen(part) for part in _parts(surprise)]
        return np.concatenate(shares) if shares else np.zeros(surprise.shape)

    def score_by_leaves(self, surprise: Rows) -> Floats:
        """The mean leaf value of each row less the reference's mean: the part of its score that teaching moves."""
        mean = self.value.take(self.roots).mean()
        scores = [self._mean_over_trees(self.value, part) - mean for part in _parts(surprise)]
        return np.concatenate(scores) if scores else np.zeros(0)

    def sharpen(self, surprise: Rows) -> Floats:
        """What the ``SHARPEST`` of each row's signals add to its score, (rows, signals), others nothing."""
        told = self._by_itself(surprise)
        most = _largest(told)
        kept = np.where(told >= most.min(axis=1, keepdims=True), told, 0.0)
        # Those that tie for the last place share it.
        shares: Floats = kept * (most.sum(axis=1) / np.maximum(kept.sum(axis=1), np.finfo(float).tiny))[:, None]
        return shares

    def _by_itself(self, surprise: Rows) -> Floats:
        return np.abs(surprise) * self._loud

    @cached_property
    def _loud(self) -> Floats:
        return self.spread * self.loudness

    @cached_property
    def _told_by(self) -> csr_array:
        """What each signal adds to a row that ends in each leaf, (nodes, signals): the changes on the way there."""
        parent = np.arange(len(self.feature))
        inner = np.flatnonzero(~self._is_leaf)
        parent[self.children[inner]] = inner[:, None]
        place = leaf = np.flatnonzero(self._is_leaf)
        told = []
        while len(leaf):
            above = parent[place]
            told.append((leaf, self.feature[above], self.value[place] - self.value[above]))
            leaf, place = leaf[above != parent[above]], above[above != parent[above]]
        leaves, signals, changes = (np.concatenate(part) for part in zip(*told, strict=True))
        return coo_array((changes, (leaves, signals)), shape=(len(self.feature), self.signals)).tocsr()

    def _contribute(self, rows: NDArray[np.float32]) -> Floats:
        if len(rows) >= MANY:
            places = self.leaves(rows)
            starts = np.arange(0, places.size + 1, len(self.roots))
            ends_in = csr_array((np.ones(places.size), places.ravel(), starts), shape=(len(rows), len(self.feature)))
            shares: Floats = (ends_in @ self._told_by).toarray() / len(self.roots)
            return shares
        return self._contribute_few(rows)

    def _contribute_few(self, rows: NDArray[np.float32]) -> Floats:
        count, signals = rows.shape
        total = np.zeros(count * signals)
        place = np.broadcast_to(self.roots, (count, len(self.roots)))
        flat, starts = rows.ravel(), self._row_starts(count)
        for _ in range(self.depth):
            below = self._step(flat, starts, place)
            change = self.value.take(below) - self.value.take(place)
            cells = (starts + self.feature.take(place)).ravel()
            total += np.bincount(cells, weights=change.ravel(), minlength=count * signals)
            place = below
        return total.reshape(count, signals) / len(self.roots)

    def valued_by(self, reference: Rows, weight: Floats | None = None) -> CompiledForest:
        """The same trees with each leaf valued by -log of the reference's mass in it.

        ``reference`` (accounts, signals) are surprises, ``weight`` (accounts,) how much each counts. A leaf's
        mass is smoothed by one account spread over the tree's leaves.
        """
        weights = np.ones(len(reference)) if weight is None else weight
        mass = np.zeros(len(self.feature))
        for part, shares in zip(_parts(reference), _parts(weights), strict=True):
            places = self.leaves(part)
            mass += np.bincount(places.ravel(), np.repeat(shares, places.shape[1]), minlength=len(mass))
        surprisal = self._surprisal(mass, float(weights.sum()))
        valued = replace(self, mass=mass).with_leaf_values(surprisal)
        scores = valued.score_by_leaves(reference)
        spread = float(np.sqrt(np.average(scores**2, weights=weights)))
        return replace(valued, own=valued.value, spread=max(spread, 1e-9))

    def _surprisal(self, mass: Floats, total: float) -> Floats:
        tree = np.repeat(np.arange(len(self.roots)), np.diff(np.append(self.roots, len(self.feature))))
        leaves = np.bincount(tree, self._is_leaf.astype(np.float64))[tree]
        return -np.log((mass + 1) / (total + leaves))

    @cached_property
    def _is_leaf(self) -> NDArray[np.bool_]:
        return np.equal(self.children[:, 0], np.arange(len(self.feature)))

    def with_leaf_values(self, leaf_value: Floats) -> CompiledForest:
        """The same trees with new leaf values; nodes above take the mean of their leaves, weighted by ``mass``.

        Where no reference account ever went, the training samples weigh instead.
        """
        is_leaf = self._is_leaf
        carried = [np.where(is_leaf, part, 0.0) for part in (self.mass, self.mass * leaf_value)]
        grown = [np.where(is_leaf, part, 0.0) for part in (self.grown_on, self.grown_on * leaf_value)]
        # Children come after their parents in scikit-learn's order, so one sweep from the end carries all up.
        for node in np.flatnonzero(~is_leaf)[::-1]:
            below = self.children[node]
            for sums in (*carried, *grown):
                sums[node] = sums[below].sum()
        visited = carried[0] > 0
        means = np.where(visited, carried[1], grown[1]) / np.where(visited, carried[0], grown[0])
        return replace(self, value=np.where(is_leaf, leaf_value, means))


def mean_path_length(samples: Floats) -> Floats:
    """The mean depth of an unsuccessful search in a binary search tree of so many samples.

    Liu, Ting and Zhou, "Isolation Forest", 2008, equation 1.
    """
    harmonic = 2 * (np.log(np.maximum(samples - 1, 1)) + np.euler_gamma) - 2 * (samples - 1) / np.maximum(samples, 1)
    return np.where(samples <= 1, 0.0, np.where(samples == 2, 1.0, harmonic))


def _depths(tree: BaseDecisionTree) -> Floats:
    """Splits above each node."""
    depths = np.zeros(tree.tree_.node_count)
    for node, sides in enumerate(zip(tree.tree_.children_left, tree.tree_.children_right, strict=True)):
        for child in sides:
            if child >= 0:
                depths[child] = depths[node] + 1
    return depths


def _largest(told: Floats) -> Floats:
    """The ``SHARPEST`` largest of each row, or all where there are no more, in no order."""
    count = min(SHARPEST, told.shape[1])
    return np.partition(told, -count, axis=1)[:, -count:]


def _parts(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]
