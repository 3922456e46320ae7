"""The graph of a ring: accounts, and what they share as nodes of their own, placed on a plane.

What too many hold is a hub and says nothing of a pair: it is folded away, and told of. Things that the same accounts
share are one node, and so are the accounts beyond those that can be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

from grantguard.histories import HUBS

Floats = NDArray[np.float64]

DRAWN: Final = 60
"""Accounts that are drawn, those that share most."""

ROUNDS: Final = 80
"""Steps of the layout."""


@dataclass(frozen=True)
class Node:
    """An account, or things of one kind that the same accounts share; ``size`` says of how many it stands."""

    name: str
    kind: str
    size: int
    x: float
    y: float

    @property
    def is_account(self) -> bool:
        """Whether it is an account, or the rest of them."""
        return self.kind == "account"


@dataclass(frozen=True)
class Hub:
    """Values of one kind that so many hold that they were folded away."""

    kind: str
    values: int
    members: int


@dataclass(frozen=True)
class Graph:
    """Nodes, edges between their places in ``nodes``, and what was folded away."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]
    hubs: tuple[Hub, ...]
    left_out: int


def draw_graph(shared: pl.DataFrame, members: list[str]) -> Graph:
    """The graph of ``members`` and what they share: ``shared`` has ``kind, value, account_id, holders``."""
    is_hub = pl.col("holders") > pl.col("kind").replace_strict(HUBS, default=0, return_dtype=pl.Int64)
    telling = shared.filter(~is_hub)
    drawn = _choose(telling, members)
    things = _fold(telling.filter(pl.col("account_id").is_in(drawn)))
    edges = [(drawn.index(name), len(drawn) + i) for i, thing in enumerate(things) for name in thing[2]]
    places = _place(len(drawn) + len(things), edges)
    accounts = [(name, "account", 1) for name in drawn]
    named = [*accounts, *((kind if size == 1 else f"{size} × {kind}", kind, size) for kind, size, _ in things)]
    nodes = tuple(Node(*about, float(x), float(y)) for about, (x, y) in zip(named, places, strict=True))
    return Graph(nodes, tuple(edges), _tell_hubs(shared.filter(is_hub)), len(members) - len(drawn))


def _choose(telling: pl.DataFrame, members: list[str]) -> list[str]:
    """Those who share most, and of equals those that come first."""
    counts = dict(telling.group_by("account_id").len().iter_rows())
    return sorted(members, key=lambda name: -counts.get(name, 0))[:DRAWN]


def _fold(telling: pl.DataFrame) -> list[tuple[str, int, list[str]]]:
    """Kind, number of values and holders of what the same accounts share; what but one of them shows is not shared."""
    values = telling.group_by("kind", "value").agg(pl.col("account_id").sort())
    together = values.filter(pl.col("account_id").list.len() > 1).group_by("kind", "account_id").len()
    ordered = together.with_columns(many=pl.col("account_id").list.len()).sort(
        "many", "kind", pl.col("account_id").list.join(" "), descending=[True, False, False]
    )
    return [(kind, size, names) for kind, names, size, _ in ordered.iter_rows()]


def _tell_hubs(hubs: pl.DataFrame) -> tuple[Hub, ...]:
    told = hubs.group_by("kind").agg(pl.col("value").n_unique(), pl.col("account_id").n_unique()).sort("kind")
    return tuple(Hub(*row) for row in told.iter_rows())


def _place(count: int, edges: list[tuple[int, int]]) -> Floats:
    """Places whose distances are those along edges, as well as the plane allows: stress, majorized (SMACOF).

    De Leeuw, "Applications of Convex Analysis to Multidimensional Scaling" (1977). It begins on a spiral.
    """
    turn = np.arange(count) * 2.4
    places: Floats = np.sqrt(np.arange(count) + 0.5)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    wanted = _measure(count, edges)
    weight = np.divide(1.0, wanted**2, out=np.zeros_like(wanted), where=wanted > 0)
    inverse = np.linalg.pinv(np.diag(weight.sum(axis=1)) - weight)
    for _ in range(ROUNDS):
        apart = np.linalg.norm(places[:, None] - places[None, :], axis=2)
        ratio = np.divide(weight * wanted, apart, out=np.zeros_like(apart), where=apart > 1e-9)
        places = inverse @ ((np.diag(ratio.sum(axis=1)) - ratio) @ places)
    return places


def _measure(count: int, edges: list[tuple[int, int]]) -> Floats:
    """Steps from node to node; parts that nothing joins are as far from each other as the longest way, and a step."""
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    steps: Floats = shortest_path(links.tocsr(), directed=False, unweighted=True)
    reached = steps[np.isfinite(steps)]
    return np.where(np.isfinite(steps), steps, reached.max(initial=0.0) + 1.0)
