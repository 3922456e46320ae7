"""Scoring since an earlier run: what it remembered is read, and what this one will be remembered by is left."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from grantguard.cli.terminal import progress, screen
from grantguard.contract import Tables
from grantguard.forest import Bundle
from grantguard.policy import RULES
from grantguard.since import keep, recall, score_since


def score_on_from(run: Path | None, tables: Tables, bundle: Bundle, at: datetime, out: Path) -> pl.DataFrame:
    """The contract's ``scores``, going on from the run that wrote ``run``, or from nothing.

    Raises ``RunMissing``, ``RunDamaged`` and ``RunForeign`` as ``since.recall`` does.
    """
    made_by = {
        "model": bundle.version,
        "rules": RULES.version,
        "grantguard": version("grantguard"),
        "polars": pl.__version__,  # keys of texts are Polars' own
    }
    with progress() as bar:
        bar.add_task("scoring", total=None)
        earlier = None if run is None else recall(run, made_by, at)
        scored = score_since(tables, bundle, at, earlier)
        keep(scored.memory, made_by, out)
    if run is not None:
        told = f"touched {scored.touched:,} of {scored.scores.height:,} accounts; the others are as they were in {run}"
        screen.print(told, highlight=False, soft_wrap=True)
    return scored.scores
