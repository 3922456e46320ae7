"""``score`` on a cluster: spread, dated, linked, put in rings, found and scored, each pass by bucket of accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from grantguard.contract import ACCOUNTS, BILLING, CAMPAIGNS, GRANTS, LABELS, USAGE, Table
from grantguard.errors import InputError
from grantguard.faults import Fault
from grantguard.forest import Bundle
from grantguard.histories import MOST_EVENTS
from grantguard.parcels.dating import Date
from grantguard.parcels.finding import Find
from grantguard.parcels.linking import Link
from grantguard.parcels.scoring import SCORES_DDL, Score
from grantguard.parcels.spreading import Spread
from grantguard.parcels.wrapping import ALL, PARCEL_DDL
from grantguard.spark.reading import Lake, cut, find_faults, measure
from grantguard.spark.rings import find_rings
from grantguard.spark.sharing import (
    KEPT,
    by_bucket,
    give_crowds,
    give_facts,
    give_thresholds,
    named,
    to_all,
    together,
)

TO_ALL = (CAMPAIGNS, LABELS)
"""Tables of a few rows, which every bucket needs."""

SMALL = tuple(table.name for table in TO_ALL)

OWN = ("accounts", "grants", "billing", "events", "own", "likenesses", "marks")
"""Packed frames of a dated bucket, all of them its accounts' own."""


@dataclass(frozen=True)
class Question:
    """As of when (None: the newest event), how many buckets so many events take, and how many are read of one account.

    Of an account with more, the newest are read, and the first few, which say how it began.
    """

    at: datetime | None
    count_buckets: Callable[[int], int]
    most_events: int = MOST_EVENTS


@dataclass(frozen=True)
class Dated:
    """Buckets whose facts are dated, as of a moment: ``parcels``; and the columns at fault.

    ``told`` are those of ``parcels`` that are more than one bucket's own: what is joined and counted, all of it small.
    """

    lake: Lake
    parcels: DataFrame
    told: DataFrame
    buckets: int
    at: datetime
    faults: tuple[Fault, ...]


def date(lake: Lake, question: Question) -> Dated:
    """The rows read, checked, spread over buckets and dated.

    Raises ``InputError`` and what ``Lake`` does.
    """
    usage = lake.read_usage()
    measured = measure(lake.up_to(usage, question.at or lake.latest), lake.latest, question.most_events)
    at = question.at or lake.find_newest(usage, measured.newest)
    if at is None:
        raise InputError("usage: no event to read histories as of; say the moment with --at")
    usage = lake.up_to(usage, at)
    accounts = lake.need(ACCOUNTS)
    faults = find_faults(accounts, ACCOUNTS, measured.accounts) + find_faults(usage, USAGE, measured.accounts)
    buckets = question.count_buckets(measured.events)
    spread = _spread(lake, cut(usage, measured, question.most_events), buckets)
    parcels = _pass(spread, buckets, Date(buckets, at, faults))
    told = parcels.filter(~sf.col("name").isin(*OWN, *SMALL)).persist(KEPT)
    # Made before any asks for it: stages that run at once would each make it for themselves.
    told.count()
    return Dated(lake, parcels, told, buckets, at, faults)


def score(dated: Dated, bundle: Bundle) -> DataFrame:
    """The contract's ``scores`` of every account, in no order."""
    ready = link(dated, give_crowds(dated.told, dated.buckets, dated.at)).ready
    found = by_bucket(ready, dated.buckets).mapInArrow(Find(bundle, dated.at), PARCEL_DDL)
    return by_bucket(found, dated.buckets).mapInArrow(Score(bundle), SCORES_DDL).persist(KEPT)


@dataclass(frozen=True)
class Joined:
    """Buckets that are linked: ``ready``, all that is read of them from here on; ``rings``, who stands in which."""

    ready: DataFrame
    rings: DataFrame


def link(dated: Dated, crowds: DataFrame) -> Joined:
    """Link all accounts as of ``dated.at``, where ``crowds`` tells how many there were of each by then."""
    parcels, buckets, at = dated.parcels, dated.buckets, dated.at
    needed = needed_by_all(dated)
    own = named(parcels, "grants", "own", "likenesses", "marks", *SMALL)
    linked = _pass(together(own, give_facts(dated.told), crowds, needed), buckets, Link(buckets, at))
    own = named(parcels, "accounts", "grants", "billing", "events", "marks", *SMALL)
    rings = find_rings(linked)
    return Joined(together(own, named(linked, "ties", "kin", "company"), rings, needed), rings)


def _pass(parcels: DataFrame, buckets: int, work: Date | Link) -> DataFrame:
    return by_bucket(parcels, buckets).mapInArrow(work, PARCEL_DDL).persist(KEPT)


def _spread(lake: Lake, usage: DataFrame, buckets: int) -> DataFrame:
    parts = [usage.mapInArrow(Spread(USAGE, buckets, lake.now), PARCEL_DDL)]
    for table in (ACCOUNTS, GRANTS, BILLING):
        rows = lake.read(table)
        if rows is not None:
            parts.append(_spread_whole(rows, Spread(table, buckets, lake.now, whole=True)))
    for table in TO_ALL:
        told = spread_to_all(lake, table)
        parts += [told.filter(sf.col("bucket") != ALL), to_all(told.filter(sf.col("bucket") == ALL), buckets)]
    return together(*parts)


def _spread_whole(rows: DataFrame, spread: Spread) -> DataFrame:
    """Rows of one identity come together first: which bucket a repeat belongs to may differ."""
    return rows.repartition(*spread.table.identity).mapInArrow(spread, PARCEL_DDL)


def spread_to_all(lake: Lake, table: Table) -> DataFrame:
    """The rows of a small table as they go to all buckets, and what is told of its reading."""
    rows = lake.read(table)
    if rows is None:
        return lake.spark.createDataFrame([], PARCEL_DDL)
    # Few rows: in one place all of an identity are there, optional columns or none.
    return rows.coalesce(1).mapInArrow(Spread(table, 1, lake.now, whole=True, to_all=True), PARCEL_DDL)


def needed_by_all(dated: Dated) -> DataFrame:
    """What every bucket needs of the others: guests of bursts, and thresholds."""
    guests = dated.told.filter(sf.col("bucket") == ALL)
    return to_all(together(guests, give_thresholds(dated.told)), dated.buckets)
