"""A few accounts among all: as of any moments, or of a simulation, which stands among the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE, Tables
from grantguard.histories import find_bucket
from grantguard.parcels.dating import Date
from grantguard.parcels.extracting import KNOWN_DDL, SIGNALS_DDL, stand, stand_alone
from grantguard.parcels.narrowing import Narrow
from grantguard.parcels.wrapping import ALL, PARCEL_DDL, lay_open, pack, send
from grantguard.spark.scoring import OWN, SMALL, Dated
from grantguard.spark.sharing import (
    KEPT,
    by_bucket,
    give_crowds_then,
    give_facts_then,
    give_thresholds,
    named,
    to_all,
    together,
)


@dataclass(frozen=True)
class Some:
    """Some accounts, in so many buckets that are dated: ``own``, what is their own."""

    own: DataFrame
    buckets: int


def narrow(dated: Dated, account_ids: pl.Series) -> Some:
    """Some of the user's accounts."""
    own = named(dated.parcels, *OWN).mapInArrow(Narrow(account_ids.unique()), PARCEL_DDL)
    return Some(own.persist(KEPT), dated.buckets)


def date_guests(dated: Dated, guests: Tables, campaigns: pl.DataFrame) -> Some:
    """Accounts that are not the user's; ``campaigns`` are all that they may come to."""
    spark, buckets = dated.lake.spark, dated.lake.spark.sparkContext.defaultParallelism
    sent = [pack("campaigns", campaigns, bucket) for bucket in range(buckets)]
    for table in (ACCOUNTS, GRANTS, USAGE, BILLING):
        rows = getattr(guests, table.name).with_columns(find_bucket(buckets))
        parts = rows.partition_by("bucket", as_dict=True, include_key=False)
        sent += [pack(table.name, part, int(bucket)) for (bucket,), part in parts.items()]
    work = Date(buckets, dated.at, ())
    own = by_bucket(send_parcels(spark, sent), buckets).mapInArrow(work, PARCEL_DDL)
    return Some(own.persist(KEPT), buckets)


def stand_among(parcels: DataFrame, some: Some, asked: pl.DataFrame, rings: DataFrame, small: Tables) -> DataFrame:
    """``KNOWN`` of the accounts asked about (``account_id, at``), which ``some`` has, among all of ``parcels``.

    ``small`` has the campaigns and the labels.
    """
    spark, buckets = parcels.sparkSession, some.buckets
    once = asked.unique("account_id")
    placed = send_parcels(spark, [_place(once, buckets)]).select("bucket", "account_id")
    shown = parcels.filter(sf.col("name") == "fact").select("account_id", "kind", "value")
    ready = together(
        named(some.own, *OWN),
        send_parcels(spark, _ask(asked, small, buckets)),
        give_facts_then(parcels, shown.join(placed, "account_id").drop("account_id")),
        give_crowds_then(parcels, some.own, buckets, asked["at"].unique().sort()),
        rings.drop("bucket").join(placed, "account_id"),
        to_all(together(parcels.filter(sf.col("bucket") == ALL), give_thresholds(parcels)), buckets),
    )
    return by_bucket(ready, buckets).mapInArrow(stand, KNOWN_DDL)


def stand_apart(dated: Dated, some: Some, asked: pl.DataFrame, small: Tables) -> DataFrame:
    """``SIGNALS`` of the same by themselves: of no other account a row is read."""
    ready = together(
        named(some.own, *OWN),
        send_parcels(dated.lake.spark, _ask(asked, small, some.buckets)),
        to_all(give_thresholds(dated.told), some.buckets),
    )
    return by_bucket(ready, some.buckets).mapInArrow(stand_alone, SIGNALS_DDL)


def _ask(asked: pl.DataFrame, small: Tables, buckets: int) -> Iterator[pl.DataFrame]:
    """What is asked of each bucket, and the tables that all of them need."""
    yield _place(asked, buckets)
    for bucket in range(buckets):
        yield from (pack(name, getattr(small, name), bucket) for name in SMALL)


def _place(asked: pl.DataFrame, buckets: int) -> pl.DataFrame:
    return lay_open("asked", asked.select("account_id", find_bucket(buckets), seen_at="at"))


def send_parcels(spark: SparkSession, frames: Iterable[pl.DataFrame]) -> DataFrame:
    """What ``pack`` and ``lay_open`` gave, sent from the driver."""
    return spark.createDataFrame(pa.Table.from_batches(list(send(frames))))
