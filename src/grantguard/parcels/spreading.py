"""Rows in as they lie in files: checked where they are read, and sent to the buckets of their accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

import polars as pl
import pyarrow as pa

from grantguard.checking import check, merge_repeats
from grantguard.contract import TIME, Table, Tables
from grantguard.faults import Fault
from grantguard.histories import find_bucket
from grantguard.parcels.wrapping import ALL, as_batches, lay_open, pack, read_batch, send
from grantguard.sources.files import REJECTED

FILE, STRAY = "file", "is stray"
"""Columns that are read with a table's own: which file a row is of; whether its grant is another account's."""

ROWS_AT_ONCE = 250_000
"""Rows that are checked together, in each of the tasks that share an executor's machine."""

REJECTED_DDL = "table string, file string, row long, reason string, content string"
"""Rejected rows, as Spark reads them."""

FAULT = pl.Schema({"table": pl.String(), "column": pl.String(), "accounts": pl.Int64(), "share": pl.Float64()})


@dataclass(frozen=True)
class Spread:
    """How a table's rows are spread over so many buckets; ``whole``: a partition has all rows of its identities."""

    table: Table
    buckets: int
    now: datetime
    whole: bool = False
    to_all: bool = False

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Packed rows of the table, by bucket, and of ``rejected``; what is ``whole`` is counted here."""
        for frame in _gather(batches, None if self.whole else ROWS_AT_ONCE):
            yield from send(self._spread(frame))

    def _spread(self, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
        good, bad = check_rows(frame, self.table, self.now)
        if bad.height:
            yield pack("rejected", bad, 0, self.table.name)
        if self.whole:
            merged = merge_repeats(good, self.table)
            told = {"kind": [self.table.name], "n": [merged.height], "step": [good.height - merged.height]}
            yield lay_open("counted", pl.DataFrame(told), 0)
            good = merged
        if self.to_all:
            yield pack(self.table.name, good, ALL)
            return
        parts = good.with_columns(find_bucket(self.buckets)).partition_by("bucket", as_dict=True, include_key=False)
        for (bucket,), rows in parts.items():
            yield pack(self.table.name, rows, int(bucket))


def check_rows(frame: pl.DataFrame, table: Table, now: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The good rows, and the bad ones as ``REJECTED`` has them."""
    stray = pl.col(STRAY) if STRAY in frame.columns else pl.lit(value=False)
    reason = pl.format("grant_id: '{}' was given to another account", pl.col("grant_id")) if STRAY in frame else None
    checked = check(frame.filter(~stray).lazy(), table, now)
    good, bad = pl.collect_all([checked.good, checked.bad])
    found = [bad] if reason is None else [bad, frame.filter(stray).with_columns(reason=reason)]
    return good, pl.concat([pl.DataFrame(schema=REJECTED), *(_describe(each, table) for each in found)])


def _describe(bad: pl.DataFrame, table: Table) -> pl.DataFrame:
    if bad.is_empty():
        return pl.DataFrame(schema=REJECTED)
    kept = [name for name in bad.columns if name in table.schema]
    content = pl.struct(kept).struct.json_encode()
    row = pl.lit(None, pl.Int64)  # which row of its file it was is not known to a cluster
    return bad.select(table=pl.lit(table.name), file=FILE, row=row, reason="reason", content=content)


def _gather(batches: Iterable[pa.RecordBatch], rows: int | None) -> Iterator[pl.DataFrame]:
    held, count = [], 0
    for batch in batches:
        held.append(read_batch(batch))
        count += batch.num_rows
        if rows is not None and count >= rows:
            yield pl.concat(held)
            held, count = [], 0
    if held:
        yield pl.concat(held)


@dataclass(frozen=True)
class Newest:
    """The newest good row's time, of rows that are put together in one partition."""

    table: Table
    now: datetime

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One row, or none."""
        for frame in _gather(batches, None):
            good, _ = check_rows(frame, self.table, self.now)
            told = good.select(pl.col(str(self.table.dated_by)).max().cast(TIME).alias("newest")).drop_nulls()
            yield from as_batches(told)


@dataclass(frozen=True)
class Judge:
    """What ``find`` says of rows that are put together in one partition: the columns at fault, or under suspicion."""

    table: Table
    find: Callable[[Tables], tuple[Fault, ...]]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """A row a fault."""
        for frame in _gather(batches, None):
            faults = self.find(Tables.of(**{self.table.name: frame}))
            yield from as_batches(pl.DataFrame([asdict(each) for each in faults], schema=FAULT))
