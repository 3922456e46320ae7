"""Scoring within a stated memory: the data directory, its scratch and a bar around ``grantguard.buckets``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from rich.progress import Progress

from grantguard.buckets import (
    Parted,
    Run,
    Tell,
    count_buckets,
    count_repeats,
    find_faults_in,
    open_scratch,
    part,
    score_in_buckets,
)
from grantguard.cli.terminal import moment_of, now, progress, say, tell_intake, warn
from grantguard.contract import INPUTS
from grantguard.faults import leave_out
from grantguard.forest import Bundle
from grantguard.policy import RULES
from grantguard.sources.files import count_rows, find_files

GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Question:
    """What to score: a data directory, by which model, as of when (None: its newest event), in how many gigabytes."""

    data: Path
    bundle: Bundle
    at: str | None
    memory: float
    keep_going: bool


@contextmanager
def scored_within(asked: Question, out: Path) -> Iterator[pl.LazyFrame]:
    """The contract's ``scores``, which lie on disk beside ``out`` until the block ends well.

    A run that was interrupted, and is asked for again of the same files, goes on from what it had finished.
    """
    buckets = count_buckets(count_rows(asked.data), round(asked.memory * GIGABYTE))
    folder = out.parent / f"{out.name}.parts"
    scratch = open_scratch(folder, _plan(asked, buckets))
    with progress() as bar:
        tell = _telling(bar)
        parted = part(asked.data, scratch, buckets, now(), tell)
        tell_intake(parted.intake, out.parent, keep_going=asked.keep_going)
        at = moment_of(asked.at, parted.newest)
        run = Run(scratch, parted.intake.tables, buckets, asked.bundle, at)
        faults = find_faults_in(run)
        for fault in faults:
            warn(str(fault))
        scores = score_in_buckets(run, lambda tables: leave_out(tables, faults), tell)
    _tell_repeats(run, parted)
    yield scores
    shutil.rmtree(folder)


def _plan(asked: Question, buckets: int) -> dict[str, object]:
    paths = [path for table in INPUTS for path in find_files(asked.data, table)]
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return {"files": files, "buckets": buckets, "at": asked.at, "model": asked.bundle.version, "rules": RULES.version}


def _telling(bar: Progress) -> Tell:
    tasks = {}

    def tell(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=of or None)
        bar.update(tasks[what], completed=done)

    return tell


def _tell_repeats(run: Run, parted: Parted) -> None:
    repeats = count_repeats(run)
    usage = replace(parted.intake.counts["usage"], duplicate=repeats)
    say(f"{usage.accepted - repeats:,} events in {run.buckets:,} buckets, {repeats:,} repeated")
