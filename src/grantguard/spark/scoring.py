"""``score`` on a cluster: spread, dated, linked, put in rings and scored, each pass by bucket of accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from grantguard.contract import ACCOUNTS, BILLING, CAMPAIGNS, GRANTS, LABELS, USAGE, Table
from grantguard.errors import InputError
from grantguard.faults import Fault
from grantguard.forest import Bundle
from grantguard.parcels.dating import Date
from grantguard.parcels.linking import Link
from grantguard.parcels.scoring import SCORES_DDL, Score
from grantguard.parcels.spreading import Spread
from grantguard.parcels.wrapping import ALL, PARCEL_DDL
from grantguard.spark.reading import Lake, cut, find_faults, measure
from grantguard.spark.rings import find_rings
from grantguard.spark.sharing import by_bucket, give_crowds, give_facts, give_thresholds, named, to_all, together

KEPT = StorageLevel.DISK_ONLY
"""Where a pass's outcome waits for the next one; what is lost with an executor is made again."""


@dataclass(frozen=True)
class Question:
    """By which model, as of when (None: the newest event), and how many buckets so many events take."""

    bundle: Bundle
    at: datetime | None
    count_buckets: Callable[[int], int]


@dataclass(frozen=True)
class Scored:
    """The contract's ``scores``, unordered; what was dated for them, and the columns at fault."""

    scores: DataFrame
    dated: DataFrame
    faults: tuple[Fault, ...]
    at: datetime


def score(lake: Lake, question: Question) -> Scored:
    """Every account's score, by the passes of this module."""
    usage = lake.read_usage()
    at = question.at or lake.find_newest(usage)
    if at is None:
        raise InputError("usage: no event to read histories as of; say the moment with --at")
    usage = lake.up_to(usage, at)
    measured = measure(usage)
    accounts = lake.need(ACCOUNTS)
    faults = find_faults(accounts, ACCOUNTS, measured.accounts) + find_faults(usage, USAGE, measured.accounts)
    buckets = question.count_buckets(measured.events)
    spread = _spread(lake, cut(usage, measured), buckets)
    dated = _pass(spread, buckets, Date(buckets, at, faults))
    needed = _needed_by_all(lake, dated, buckets)
    given = together(give_facts(dated), give_crowds(dated, buckets))
    own = named(dated, "grants", "own", "likenesses", "marks")
    linked = _pass(together(own, given, needed), buckets, Link(buckets, at))
    own = named(dated, "accounts", "grants", "billing", "events", "marks")
    ready = together(own, named(linked, "ties", "kin"), find_rings(linked), needed)
    scores = by_bucket(ready, buckets).mapInArrow(Score(question.bundle, at), SCORES_DDL).persist(KEPT)
    return Scored(scores, dated, faults, at)


def _pass(parcels: DataFrame, buckets: int, work: Date | Link) -> DataFrame:
    return by_bucket(parcels, buckets).mapInArrow(work, PARCEL_DDL).persist(KEPT)


def _spread(lake: Lake, usage: DataFrame, buckets: int) -> DataFrame:
    parts = [usage.mapInArrow(Spread(USAGE, buckets, lake.now), PARCEL_DDL)]
    for table in (ACCOUNTS, GRANTS, BILLING):
        rows = lake.read(table)
        if rows is not None:
            parts.append(_spread_whole(rows, Spread(table, buckets, lake.now, whole=True)))
    parts.append(_for_all(lake, CAMPAIGNS, buckets))
    return together(*parts)


def _spread_whole(rows: DataFrame, spread: Spread) -> DataFrame:
    """Rows of one identity come together first: which bucket a repeat belongs to may differ."""
    return rows.repartition(*spread.table.identity).mapInArrow(spread, PARCEL_DDL)


def _for_all(lake: Lake, table: Table, buckets: int) -> DataFrame:
    rows = lake.read(table)
    if rows is None:
        return lake.spark.createDataFrame([], PARCEL_DDL)
    spread = _spread_whole(rows, Spread(table, buckets, lake.now, whole=True, to_all=True))
    return to_all(spread.filter(sf.col("bucket") == ALL), buckets)


def _needed_by_all(lake: Lake, dated: DataFrame, buckets: int) -> DataFrame:
    guests = dated.filter(sf.col("bucket") == ALL)
    small = [_for_all(lake, table, buckets) for table in (CAMPAIGNS, LABELS)]
    return together(to_all(together(guests, give_thresholds(dated)), buckets), *small)
