"""The first work on a bucket: its events prepared, its facts dated, and what others need of them laid open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import pyarrow as pa

from grantguard.checking import merge_repeats
from grantguard.contract import ACCOUNTS, BILLING, CAMPAIGNS, GRANTS, LABELS, USAGE, Tables
from grantguard.dated import MILESTONES
from grantguard.facts import mix_rows
from grantguard.faults import Fault, leave_out
from grantguard.histories import Own, Share, count_in_crowds, find_bucket, find_thresholds
from grantguard.parcels.wrapping import ALL, Parcel, as_batches, lay_open, open_parcels, pack, read_batch, send
from grantguard.sources.files import REJECTED

COUNTED = pl.Schema({"kind": pl.String(), "n": pl.Int64(), "step": pl.Int64()})
"""Of a table, so many rows and so many repeats."""

KEPT = (ACCOUNTS, GRANTS, BILLING)
"""Tables whose rows go on with their bucket."""


def read_tables(parcel: Parcel) -> Tables:
    """The rows of the bucket's accounts, all campaigns and all labels."""
    tables = (ACCOUNTS, GRANTS, USAGE, BILLING, CAMPAIGNS, LABELS)
    return Tables(**{table.name: parcel.read(table.name, table.schema) for table in tables})


@dataclass(frozen=True)
class Date:
    """Dates buckets, as of a moment; the columns at fault are read as not known."""

    buckets: int
    at: datetime
    faults: tuple[Fault, ...]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What goes on with each bucket, packed, and what others need of it, open."""
        for parcel in open_parcels(batches):
            yield from send(_pass_on(parcel))
            if any(table.name in parcel.frames for table in (*KEPT, USAGE)):
                yield from send(self._date(parcel))

    def _date(self, parcel: Parcel) -> Iterator[pl.DataFrame]:
        read = read_tables(parcel)
        merged = {table.name: merge_repeats(getattr(read, table.name), table) for table in (*KEPT, USAGE)}
        own = Own.of(leave_out(Tables.of(**(vars(read) | merged)), self.faults))
        share = Share.of(own, self.at)
        for table in (*KEPT, CAMPAIGNS, LABELS):
            yield pack(table.name, getattr(own.tables, table.name), parcel.bucket)
        repeated = read.usage.height - merged["usage"].height
        told = {"kind": ["usage"], "n": [merged["usage"].height], "step": [repeated]}
        yield lay_open("counted", pl.DataFrame(told), parcel.bucket)
        yield lay_open("hashed", _mix(own.tables), parcel.bucket)
        yield pack("events", own.events, parcel.bucket)
        for name, frame in (("own", share.said_alone), ("likenesses", share.likenesses), ("marks", share.marks)):
            yield pack(name, frame, parcel.bucket)
        for name, frame in (("guests", share.guests), ("guest_facts", share.guest_facts)):
            if frame.height:
                yield pack(name, frame, ALL)
        yield from self._lay_open(share, parcel.bucket)

    def _lay_open(self, share: Share, bucket: int) -> Iterator[pl.DataFrame]:
        # Whoever brought an account may stand in another bucket.
        facts = share.facts.select("kind", sign("value"), "account_id", "seen_at", find_bucket(self.buckets))
        yield lay_open("fact", facts)
        yield lay_open("mark", share.marks.select(MILESTONES.names()), bucket)
        crowds = count_in_crowds(share.likenesses).select("kind", sign("crowd").alias("value"), "n")
        yield lay_open("crowd", crowds, bucket)
        yield lay_open("length", share.lengths.select("step", "n", seen_at="day"), bucket)


def _mix(tables: Tables) -> pl.DataFrame:
    """Of each table, how many rows, and the number that they are mixed to."""
    frames = [getattr(tables, table.name) for table in (*KEPT, USAGE)]
    mixed = pl.Series([mix_rows(frame) for frame in frames], dtype=pl.UInt64)
    told = {"kind": [table.name for table in (*KEPT, USAGE)], "n": [frame.height for frame in frames]}
    return pl.DataFrame({**told, "value": mixed}).with_columns(sign("value"))


def _pass_on(parcel: Parcel) -> Iterator[pl.DataFrame]:
    """What is told of the reading, and belongs to no account."""
    counted = parcel.read("counted", COUNTED)
    if counted.height:
        yield lay_open("counted", counted, parcel.bucket)
    bad = parcel.read("rejected", REJECTED)
    for (kind,), rows in bad.partition_by("table", as_dict=True).items():
        yield pack("rejected", rows, parcel.bucket, str(kind))


def sign(key: str) -> pl.Expr:
    """A key as the signed number that clusters know."""
    return pl.col(key).reinterpret(signed=True)


def open_rejected(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rejected rows of parcels."""
    for parcel in open_parcels(batches):
        yield from as_batches(parcel.read("rejected", REJECTED))


def find_all_thresholds(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What ``find_thresholds`` gives, for every bucket, of ``seen_at`` (the day), ``step`` and ``n`` of all."""
    frames = [read_batch(batch) for batch in batches]
    if frames:
        lengths = pl.concat(frames).select("step", "n", day="seen_at")
        yield from send([pack("thresholds", find_thresholds(lengths), ALL)])
