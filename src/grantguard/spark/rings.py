"""Rings by label propagation: every account takes the least name among its pairs', until no name changes."""

from __future__ import annotations

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf


def find_rings(linked: DataFrame) -> DataFrame:
    """Who stands in which ring, named by its least member (``other``), as open rows for their buckets.

    In each round an account takes its neighbours' least name, and then the name that this one's bearer has: so
    names run along a chain in leaps, and rounds grow with the logarithm of its length.
    """
    pairs = _keep(linked.filter(sf.col("name") == "pair").select("bucket", "account_id", "other").distinct())
    names = _keep(pairs.groupBy("bucket", "account_id").agg(sf.least("account_id", sf.min("other")).alias("ring")))
    settled = False
    while not settled:
        before = names.select("account_id", sf.col("ring").alias("before"))
        names = _keep(_leap(_ask_neighbours(names, pairs)))
        settled = names.join(before, "account_id").filter("ring != before").isEmpty()
    ring = sf.concat(sf.lit("ring:"), "ring")
    return names.select("bucket", "account_id", ring.alias("other"), sf.lit("ring").alias("name"))


def _keep(rows: DataFrame) -> DataFrame:
    """The rows as they are now, on two executors: how they came about, which grows with each round, is forgotten."""
    return rows.localCheckpoint(storageLevel=StorageLevel.DISK_ONLY_2)


def _ask_neighbours(names: DataFrame, pairs: DataFrame) -> DataFrame:
    theirs = names.select(sf.col("account_id").alias("other"), sf.col("ring").alias("theirs"))
    least = pairs.join(theirs, "other").groupBy("account_id").agg(sf.min("theirs").alias("theirs"))
    found = names.join(least, "account_id")
    return found.select("bucket", "account_id", sf.least("ring", "theirs").alias("ring"))


def _leap(names: DataFrame) -> DataFrame:
    bearers = names.select(sf.col("account_id").alias("ring"), sf.col("ring").alias("further"))
    found = names.join(bearers, "ring")
    return found.select("bucket", "account_id", sf.least("ring", "further").alias("ring"))
