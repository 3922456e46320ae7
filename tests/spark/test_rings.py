"""Rings are found by Spark as they are at once."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from pyspark.sql import SparkSession

from grantguard.histories import find_rings
from grantguard.spark.rings import find_rings as find_rings_there

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.mark.parametrize("most_at_once", [0, 1_000], ids=["by labels", "by one task"])
def test_a_chain_a_star_and_a_pair_are_three_rings(spark: SparkSession, most_at_once: int) -> None:
    star = [("hub", f"leaf{i}") for i in range(5)]
    # The least name stands at the end of a chain of which the names alternate between far and near.
    pairs = [*pairwise(f"c{(i * 4) % 11:02}" for i in range(11)), *star, ("y", "x")]
    both = [(0, "pair", one, other) for a, b in pairs for one, other in ((a, b), (b, a))]
    linked = spark.createDataFrame(both, "bucket int, name string, account_id string, other string")
    found = {row["account_id"]: row["other"] for row in find_rings_there(linked, most_at_once).collect()}
    kin = pl.DataFrame([(a, b, 1.0) for a, b in pairs], schema=["account_id", "other", "strength"], orient="row")
    assert found == dict(find_rings(kin).iter_rows())
