"""Ties: what is counted as of one moment is what is counted among many."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.histories import Past, ask, number
from grantguard.worlds import simulate


def ties_of(past: Past, asked: pl.DataFrame) -> pl.DataFrame:
    """The ties of those asked about, by their names."""
    named = past.link(asked).ties.join(number(asked), on="subject").drop("subject")
    return named.sort("account_id", "at", "kind", "value")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ties_of_one_moment_are_those_of_that_moment_among_others(seed: int) -> None:
    past = Past.of(simulate(400, seed=seed, prevalence=0.2).tables)
    last = past.tables.usage["occurred_at"].max()
    earlier, now = (ask(past.account_ids, last - timedelta(days=days)) for days in (40, 0))  # type: ignore[operator, arg-type]
    among = ties_of(past, pl.concat([earlier, now]))
    assert_frame_equal(among.filter(pl.col("at") == last), ties_of(past, now))
