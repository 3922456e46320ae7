"""Where extended context begins, read from what had been charged as extended context by then.

The platform knows its threshold; a usage history does not say it. The smallest inputs that were charged
as extended context do: the threshold as of a day is their first percentile over all accounts up to then.
"""

from __future__ import annotations

from math import floor, log

import polars as pl

from grantguard.dated import THRESHOLD
from grantguard.histories.keys import run

LOW = 0.01
"""The share of extended-context inputs that may lie below the threshold: rows that were labelled wrongly."""

JUST_ABOVE = 1.15
"""An input up to this much above the threshold lies just above it."""

STEP = 0.01
"""Width of the bins that inputs are counted in, in natural logarithms."""

UNKNOWN = THRESHOLD.to_frame()
"""Where extended context begins, while nobody has used any."""

IS_LONG = pl.col("category") == "extended_context"
DAY = pl.col("occurred_at").dt.truncate("1d").alias("day")
LENGTH = (pl.col("input_tokens").log() / STEP).floor().cast(pl.Int64).alias("step")


def count_lengths(events: pl.DataFrame) -> pl.LazyFrame:
    """How many inputs of each length were charged as extended context: ``account_id``, ``day``, ``step`` and ``n``."""
    binned = events.lazy().filter(IS_LONG & (pl.col("input_tokens") > 0)).select("account_id", DAY, LENGTH)
    return binned.group_by("account_id", "day", "step").agg(n=pl.len().cast(pl.Int64))


def find_thresholds(lengths: pl.DataFrame) -> pl.DataFrame:
    """``when`` and ``threshold`` in tokens, a row a day on which extended context was used, sorted.

    ``lengths`` is what ``count_lengths`` gives.
    """
    if lengths.is_empty():
        return UNKNOWN
    counts = run(lengths.lazy().group_by("day", "step").agg(pl.col("n").sum()))
    days = counts.lazy().select("day").unique().sort("day")
    steps = counts.lazy().select("step").unique()
    grid = days.join(steps, how="cross").join(counts.lazy(), on=["day", "step"], how="left").sort("step", "day")
    so_far = grid.with_columns(n=pl.col("n").fill_null(0).cum_sum().over("step")).sort("day", "step")
    below = so_far.with_columns(share=pl.col("n").cum_sum().over("day") / pl.col("n").sum().over("day"))
    lowest = below.filter(pl.col("share") >= LOW).group_by("day").agg(pl.col("step").min())
    # A day's threshold is known when the day is over.
    known = pl.col("day") + pl.duration(days=1)
    return run(lowest.select(when=known, threshold=(pl.col("step") * STEP).exp()).sort("when"))


def find_nearest_steps(threshold: float) -> tuple[int, int]:
    """The least and the greatest step in which an input may lie where ``is_near`` ends for a threshold."""
    step = floor(log(threshold * JUST_ABOVE) / STEP)
    return step - 1, step + 1


def is_near(threshold: pl.Expr) -> pl.Expr:
    """For extended context alone, whether the input lies just above the threshold."""
    return pl.when("is_long").then(pl.col("input_tokens") <= threshold * JUST_ABOVE)
