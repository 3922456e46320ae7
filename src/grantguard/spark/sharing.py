"""What buckets need of each other, by Spark's own joins and group-bys: shared values, crowds, and what all need."""

from __future__ import annotations

from datetime import datetime
from functools import reduce

import polars as pl
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from grantguard.dated import ANYONE, MILESTONES
from grantguard.histories import REACH
from grantguard.parcels.dating import find_all_thresholds
from grantguard.parcels.narrowing import CountArrivals, CountCrowds
from grantguard.parcels.wrapping import ALL, PARCEL, PARCEL_DDL

VALUE = ["kind", "value"]

KEPT = StorageLevel.DISK_ONLY
"""Where a pass's outcome waits for the next one: the facts of ten million events are too many for a small executor's
memory, and its disk gives them as soon. What is lost with an executor is made again."""


def by_bucket(parcels: DataFrame, buckets: int) -> DataFrame:
    """Parcels as executors open them: a bucket's rows together."""
    return parcels.repartition(buckets, "bucket").sortWithinPartitions("bucket")


def together(*parts: DataFrame) -> DataFrame:
    """Parcels that have some of the columns, as parcels that have all."""
    return reduce(DataFrame.unionByName, (_complete(part) for part in parts))


def named(parcels: DataFrame, *names: str) -> DataFrame:
    """The parcels of some frames, but what all buckets need."""
    return parcels.filter((sf.col("bucket") != ALL) & sf.col("name").isin(*names))


def give_facts(dated: DataFrame) -> DataFrame:
    """For each bucket the facts of all accounts of the values that its own accounts share, with their milestones.

    A value is shared that more than one account showed and that is no hub of pairs alone; of one that more than
    ``REACH.most_of_others`` showed, so many, the first, are given: it says nothing of anybody any more.
    """
    facts = _facts(dated)
    shared = facts.join(_count_shared(facts), VALUE)
    wanted = shared.select("bucket", *VALUE).distinct()
    return _with_lives(wanted.join(_first_holders(shared.drop("bucket")), VALUE), dated)


def give_facts_then(all_of_them: DataFrame, wanted: DataFrame) -> DataFrame:
    """The same of the values ``wanted`` (``bucket, kind, value``), as of any moment.

    What is a hub today was none once: its first holders are given, so many as tell when it became one.
    """
    facts = _facts(all_of_them).drop("bucket").join(wanted.select(*VALUE).distinct(), VALUE, "left_semi")
    shown = facts.groupBy(*VALUE).agg(sf.count("*").alias("holders"))
    first = _first_holders(facts.join(shown.filter("holders > 1"), VALUE))
    return _with_lives(first.join(wanted.distinct(), VALUE), all_of_them)


def _count_shared(facts: DataFrame) -> DataFrame:
    """The values that are shared and no hub, with their ``holders``.

    Counted before they are joined: Spark, which then knows how few they are, sends them to the facts and not all
    facts to them.
    """
    shown = facts.groupBy(*VALUE).agg(sf.count("*").alias("holders"))
    shared = shown.filter((sf.col("holders") > 1) & ~_is_hub()).persist(KEPT)
    shared.count()
    return shared


def _facts(dated: DataFrame) -> DataFrame:
    return dated.filter(sf.col("name") == "fact").select("bucket", *VALUE, "account_id", "seen_at")


def _with_lives(given: DataFrame, dated: DataFrame) -> DataFrame:
    lives = dated.filter(sf.col("name") == "mark").select(*MILESTONES.names())
    return given.join(lives, "account_id", "left").withColumn("name", sf.lit("given"))


def give_crowds(dated: DataFrame, buckets: int, at: datetime) -> DataFrame:
    """For each bucket how many accounts stand in the crowds that its own stand in, and how many there are at all."""
    crowds = dated.filter(sf.col("name") == "crowd")
    own = crowds.groupBy("bucket", *VALUE).agg(sf.sum("n").alias("n"))
    given = own.withColumn("n", sf.sum("n").over(Window.partitionBy(*VALUE)))
    arrived = dated.filter(sf.col("name") == "fact").agg(sf.countDistinct("account_id").alias("n"))
    anyone = to_all(arrived.withColumn("kind", sf.lit(ANYONE)), buckets)
    return together(given, anyone).withColumns({"name": sf.lit("crowd"), "seen_at": sf.lit(at)})


def give_crowds_then(all_of_them: DataFrame, own: DataFrame, buckets: int, moments: pl.Series) -> DataFrame:
    """The same by each of some moments, in order, for the buckets of ``own``."""
    joined = named(all_of_them, "likenesses").mapInArrow(CountCrowds(moments), PARCEL_DDL)
    wanted = named(own, "likenesses").mapInArrow(CountCrowds(moments), PARCEL_DDL).select("bucket", *VALUE).distinct()
    counts = _count_up(joined.join(wanted.select(*VALUE).distinct(), VALUE, "left_semi"))
    facts = all_of_them.filter(sf.col("name") == "fact").groupBy("account_id").agg(sf.min("seen_at").alias("seen_at"))
    anyone = _count_up(facts.select("seen_at").mapInArrow(CountArrivals(moments), PARCEL_DDL))
    given = together(counts.join(wanted, VALUE), to_all(anyone, buckets))
    return given.withColumn("name", sf.lit("crowd"))


def _count_up(joined: DataFrame) -> DataFrame:
    """How many there were by each moment, of how many came since the one before."""
    counted = joined.groupBy(*VALUE, "seen_at").agg(sf.sum("n").alias("n"))
    return counted.withColumn("n", sf.sum("n").over(Window.partitionBy(*VALUE).orderBy("seen_at")))


def give_thresholds(dated: DataFrame) -> DataFrame:
    """Where extended context begins, read from the inputs of all."""
    lengths = dated.filter(sf.col("name") == "length").groupBy("seen_at", "step").agg(sf.sum("n").alias("n"))
    return lengths.repartition(1).mapInArrow(find_all_thresholds, PARCEL_DDL)


def to_all(parts: DataFrame, buckets: int) -> DataFrame:
    """The same rows for every bucket."""
    every = parts.sparkSession.range(buckets).select(sf.col("id").cast("int").alias("bucket"))
    return parts.drop("bucket").crossJoin(every)


def _is_hub() -> Column:
    hubs = [(sf.col("kind") == kind) & (sf.col("holders") >= most) for kind, most in REACH.most_holders.items()]
    return reduce(Column.__or__, hubs)


def _first_holders(shared: DataFrame) -> DataFrame:
    """The facts of shared values, of the most crowded the first alone; only those are put in order."""
    most = sf.lit(REACH.most_of_others)
    for kind, so_many in REACH.most_holders.items():
        most = sf.when(sf.col("kind") == kind, so_many).otherwise(most)
    crowded = sf.col("holders") > most
    rank = sf.row_number().over(Window.partitionBy(*VALUE).orderBy("seen_at", "account_id"))
    first = shared.filter(crowded).withColumn("rank", rank).filter(sf.col("rank") <= most).drop("rank")
    return shared.filter(~crowded).unionByName(first).drop("holders")


def _complete(part: DataFrame) -> DataFrame:
    types = dict(column.split(" ") for column in PARCEL_DDL.split(", "))
    columns = [sf.col(name) if name in part.columns else sf.lit(None).alias(name) for name in PARCEL]
    return part.select(*(column.cast(types[name]).alias(name) for name, column in zip(PARCEL, columns, strict=True)))
