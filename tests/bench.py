"""Speed as ratios side by side: ``make bench``.

Each pair runs in turn, several times; the medians are compared, so that a busy machine slows both alike.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime

import numpy as np
import polars as pl

from grantguard.assessment import assess
from grantguard.contract import Tables
from grantguard.training import CHANCES, NAMES, Recipe, train
from grantguard.worlds import World, simulate

ROUNDS = 15
CALLS = 20
"""Calls in a row where one alone is too short to time."""


def side_by_side(one: Callable[[], object], other: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median seconds of each, run in turn."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, seconds in zip((one, other), taken, strict=True):
            begins = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - begins)
    return statistics.median(taken[0]), statistics.median(taken[1])


def last_moment(world: World) -> datetime:
    """The newest event."""
    newest = world.tables.usage["occurred_at"].max()
    if not isinstance(newest, datetime):
        raise TypeError("a world has events")
    return newest


def main() -> None:
    """Print each measurement on a line."""
    world = simulate(2000, seed=1)
    bundle, estimator = train(world.tables, last_moment(world), Recipe())
    rows = np.random.default_rng(0).gamma(0.5, 1.0, (4000, len(NAMES)))
    forest, compiled = estimator.forest_, bundle.forest
    repeated = np.repeat(rows, CHANCES, axis=1)
    theirs, ours = (
        seconds / CALLS
        for seconds in side_by_side(
            lambda: [forest.score_samples(repeated[:1]) for _ in range(CALLS)],
            lambda: [compiled.score(rows[:1]) for _ in range(CALLS)],
        )
    )
    tell(
        f"one row: score_samples {theirs * 1e3:.2f} ms, compiled {ours * 1e3:.3f} ms: {theirs / ours:.0f} times faster"
    )
    theirs, ours = side_by_side(lambda: forest.score_samples(repeated), lambda: compiled.score(rows), 5)
    tell(f"{len(rows):,} rows: score_samples {theirs:.2f} s, compiled {ours:.2f} s: {theirs / ours:.1f} times as fast")
    theirs, ours = side_by_side(lambda: compiled.score(rows), lambda: compiled.contributions(rows), 5)
    tell(f"reasons for {len(rows):,} rows: {ours:.2f} s, {ours / theirs:.1f} times the score alone")
    events = world.tables.usage.height
    whole, half = side_by_side(
        lambda: assess(world.tables, bundle, last_moment(world)),
        lambda: assess(halve(world.tables), bundle, last_moment(world)),
        3,
    )
    tell(
        f"assess {events:,} events: {whole:.2f} s, {events / whole:,.0f} events/s; half the accounts {half / whole:.0%}"
    )
    tell(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def halve(tables: Tables) -> Tables:
    """The tables of every other account."""
    kept = tables.accounts["account_id"].gather_every(2)
    frames = {name: getattr(tables, name) for name in ("accounts", "grants", "usage", "billing")}
    return Tables.of(
        **{name: frame.filter(pl.col("account_id").is_in(kept.to_list())) for name, frame in frames.items()}
    )


def tell(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
