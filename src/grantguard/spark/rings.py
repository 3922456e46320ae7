"""Rings: of few pairs by one task, of more by labels: every account takes the least name among its pairs'."""

from __future__ import annotations

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from grantguard.parcels.linking import join_rings
from grantguard.parcels.wrapping import PARCEL_DDL

MOST_AT_ONCE = 1_000_000
"""Pairs, told from either side, that one task puts into rings by itself; of more, labels are passed on."""


def find_rings(linked: DataFrame, most_at_once: int = MOST_AT_ONCE) -> DataFrame:
    """Who stands in which ring, named by its least member (``other``), as open rows for their buckets."""
    pairs = _keep(linked.filter(sf.col("name") == "pair").select("bucket", "account_id", "other").distinct())
    if pairs.count() <= most_at_once:
        return pairs.coalesce(1).mapInArrow(join_rings, PARCEL_DDL)
    return _pass_labels(pairs)


def _pass_labels(pairs: DataFrame) -> DataFrame:
    """The same of any number of pairs.

    In each round an account takes its neighbours' least name, and then the name that this one's bearer has: so
    names run along a chain in leaps, and rounds grow with the logarithm of its length.
    """
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
