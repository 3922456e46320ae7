"""Rings by label propagation: every account takes the least name among its pairs', until no name changes."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf


def find_rings(linked: DataFrame) -> DataFrame:
    """Who stands in which ring, named by its least member (``other``), as open rows for their buckets.

    In each round an account takes its neighbours' least name, and then the name that this one's bearer has: so
    names run along a chain in leaps, and rounds grow with the logarithm of its length.
    """
    pairs = linked.filter(sf.col("name") == "pair").select("bucket", "account_id", "other").distinct().persist()
    names = pairs.groupBy("bucket", "account_id").agg(sf.least("account_id", sf.min("other")).alias("ring")).persist()
    while True:
        better = _leap(_ask_neighbours(names, pairs)).persist()
        changed = better.join(names.select("account_id", sf.col("ring").alias("old")), "account_id").filter(
            "ring != old"
        )
        settled = changed.isEmpty()
        names = better
        if settled:
            break
    ring = sf.concat(sf.lit("ring:"), "ring")
    return names.select("bucket", "account_id", ring.alias("other"), sf.lit("ring").alias("name"))


def _ask_neighbours(names: DataFrame, pairs: DataFrame) -> DataFrame:
    theirs = names.select(sf.col("account_id").alias("other"), sf.col("ring").alias("theirs"))
    least = pairs.join(theirs, "other").groupBy("account_id").agg(sf.min("theirs").alias("theirs"))
    found = names.join(least, "account_id")
    return found.select("bucket", "account_id", sf.least("ring", "theirs").alias("ring"))


def _leap(names: DataFrame) -> DataFrame:
    bearers = names.select(sf.col("account_id").alias("ring"), sf.col("ring").alias("further"))
    found = names.join(bearers, "ring")
    return found.select("bucket", "account_id", sf.least("ring", "further").alias("ring"))
