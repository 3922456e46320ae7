"""A graph as a picture that needs no script: accounts are circles, things squares, and each says what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grantguard.graph import Graph

WIDTH, HEIGHT, MARGIN = 720, 460, 56

NAMED: Final = 24
"""Accounts up to which each has its name beside it: more names would hide each other, and stand in the table."""

LONGEST: Final = 14


@dataclass(frozen=True)
class Shape:
    """A node on the page: ``stands`` is an account's action, or nothing for a thing."""

    x: float
    y: float
    name: str
    label: str
    says: str
    stands: str
    radius: float


@dataclass(frozen=True)
class Picture:
    """Lines between shapes, and the shapes."""

    lines: tuple[tuple[float, float, float, float], ...]
    accounts: tuple[Shape, ...]
    things: tuple[Shape, ...]


def paint(graph: Graph, actions: Mapping[str, str]) -> Picture:
    """The graph within ``WIDTH`` and ``HEIGHT``; ``actions`` tells how each account stands."""
    places = _scale(graph)
    lines = tuple((*places[i], *places[j]) for i, j in graph.edges)
    holders = _count_holders(graph)
    accounts, things = [], []
    is_named = sum(node.is_account for node in graph.nodes) <= NAMED
    for number, (node, (x, y)) in enumerate(zip(graph.nodes, places, strict=True)):
        if node.is_account:
            stands = actions.get(node.name, "allow")
            label = _cut(node.name) if is_named else ""
            accounts.append(Shape(x, y, node.name, label, f"{node.name}: {stands}", stands, 9.0))
        else:
            says = f"{node.name}, shared by {holders[number]} accounts"
            things.append(Shape(x, y, node.name, node.name, says, "", min(16.0, 8.0 + holders[number] / 2)))
    return Picture(lines, tuple(accounts), tuple(things))


def _scale(graph: Graph) -> list[tuple[float, float]]:
    """Places stretched over the page, each way for itself."""
    across = _spread([node.x for node in graph.nodes], WIDTH)
    down = _spread([node.y for node in graph.nodes], HEIGHT)
    return list(zip(across, down, strict=True))


def _spread(places: list[float], length: int) -> list[float]:
    low, high = min(places, default=0.0), max(places, default=0.0)
    if high - low < 1e-6:
        return [length / 2] * len(places)
    return [round(MARGIN + (place - low) / (high - low) * (length - 2 * MARGIN), 1) for place in places]


def _count_holders(graph: Graph) -> dict[int, int]:
    counts: dict[int, int] = {}
    for _, thing in graph.edges:
        counts[thing] = counts.get(thing, 0) + 1
    return counts


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
