"""Frames as rows of one shape, so that all kinds of them travel together and come out bucket by bucket.

A frame that no cluster needs to look into is packed: a row holds thousands of its rows. What is joined and counted
by the cluster itself lies open: a row is a row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from operator import itemgetter

import polars as pl
import pyarrow as pa
from polars.datatypes import DataTypeClass

from grantguard.contract import TIME
from grantguard.dated import MILESTONES

PARCEL = pl.Schema(
    {
        "bucket": pl.Int32(),
        "name": pl.String(),
        "frame": pl.Binary(),
        "n": pl.Int64(),
        "kind": pl.String(),
        "value": pl.Int64(),
        "other": pl.String(),
        "seen_at": TIME,
        "step": pl.Int64(),
        **MILESTONES,
    }
)
"""A row: of which bucket, of which frame; packed (``frame``, piece ``step``, of ``n`` rows) or open (the rest)."""

SPARK_TYPES: dict[DataTypeClass, str] = {
    pl.Boolean: "boolean",
    pl.Int32: "int",
    pl.String: "string",
    pl.Binary: "binary",
    pl.Int64: "long",
    pl.Float64: "double",
    pl.Datetime: "timestamp",
}


def spell(schema: pl.Schema) -> str:
    """A schema as Spark reads it."""
    return ", ".join(f"{name} {_spell(dtype)}" for name, dtype in schema.items())


def _spell(dtype: pl.DataType | DataTypeClass) -> str:
    if isinstance(dtype, pl.List):
        return f"array<{_spell(dtype.inner)}>"
    if isinstance(dtype, pl.Struct):
        return f"struct<{', '.join(f'{field.name}: {_spell(field.dtype)}' for field in dtype.fields)}>"
    return SPARK_TYPES[dtype.base_type()]


PARCEL_DDL = spell(PARCEL)
"""The same, as Spark reads it."""

ALL = -1
"""The bucket of what every bucket needs."""

ROWS_PACKED = 20_000
"""Rows that are packed together: a few megabytes."""

ROWS_OPEN = 10_000
"""Open rows that travel together."""

ARROW_TYPES: dict[DataTypeClass, pa.DataType] = {
    pl.Boolean: pa.bool_(),
    pl.Int32: pa.int32(),
    pl.String: pa.string(),
    pl.Binary: pa.binary(),
    pl.Int64: pa.int64(),
    pl.Float64: pa.float64(),
    pl.Datetime: pa.timestamp("us", "UTC"),
}


def pack(name: str, frame: pl.DataFrame, bucket: int, kind: str | None = None) -> pl.DataFrame:
    """A frame in packed rows, one at least."""
    slices = list(frame.iter_slices(ROWS_PACKED)) or [frame]
    packed = {
        "frame": [_write(each) for each in slices],
        "n": [each.height for each in slices],
        "step": range(len(slices)),
    }
    rows = pl.DataFrame(packed, schema={"frame": pl.Binary, "n": pl.Int64, "step": pl.Int64})
    return rows.with_columns(bucket=pl.lit(bucket, pl.Int32), name=pl.lit(name), kind=pl.lit(kind, pl.String))


def lay_open(name: str, frame: pl.DataFrame, bucket: int | None = None) -> pl.DataFrame:
    """A frame of some of a parcel's columns in open rows; where no ``bucket`` is given, each row has its own."""
    named = frame.with_columns(name=pl.lit(name))
    return named if bucket is None else named.with_columns(bucket=pl.lit(bucket, pl.Int32))


def send(frames: Iterable[pl.DataFrame]) -> Iterator[pa.RecordBatch]:
    """What ``pack`` and ``lay_open`` gave, as it travels."""
    for frame in frames:
        missing = [pl.lit(None, dtype).alias(name) for name, dtype in PARCEL.items() if name not in frame.columns]
        yield from as_batches(frame.with_columns(missing).select(PARCEL.names()), 1 if "frame" in frame else ROWS_OPEN)


def as_batches(frame: pl.DataFrame, rows: int = ROWS_OPEN) -> Iterator[pa.RecordBatch]:
    """A frame in batches of so many rows."""
    shape = pa.schema([(name, _arrow_type(dtype)) for name, dtype in frame.schema.items()])
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(shape)
    yield from table.to_batches(max_chunksize=rows)


def _arrow_type(dtype: pl.DataType | DataTypeClass) -> pa.DataType:
    if isinstance(dtype, pl.List):
        return pa.list_(_arrow_type(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return pa.struct([(field.name, _arrow_type(field.dtype)) for field in dtype.fields])
    return ARROW_TYPES[dtype.base_type()]


def read_batch(batch: pa.RecordBatch) -> pl.DataFrame:
    """A batch as a frame, its times in UTC."""
    frame = pl.from_arrow(pa.Table.from_batches([batch]))
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a batch has columns")
    return frame


Piece = tuple[int, pl.DataFrame]
"""A piece of a frame, and where it belongs among the frame's pieces."""


@dataclass(frozen=True)
class Parcel:
    """All that came of one bucket, by name."""

    bucket: int
    frames: Mapping[str, list[pl.DataFrame]]

    def read(self, name: str, schema: pl.Schema) -> pl.DataFrame:
        """The frame of this name, which has this shape."""
        parts = [part.select(schema.names()) for part in self.frames.get(name, [])]
        return pl.concat([pl.DataFrame(schema=schema), *parts])

    def take(self, name: str) -> pl.DataFrame:
        """The packed frame of this name, which is there, whatever its shape."""
        return pl.concat(self.frames[name])


def open_parcels(batches: Iterable[pa.RecordBatch]) -> Iterator[Parcel]:
    """The parcels of a partition whose rows stand by bucket, one at a time."""
    bucket, held = ALL, defaultdict[str, list[Piece]](list)
    for batch in batches:
        parts = read_batch(batch).partition_by("bucket", "name", as_dict=True, maintain_order=True)
        for (number, name), rows in parts.items():
            if number != bucket and held:
                yield _put_together(bucket, held)
                held = defaultdict(list)
            bucket = int(number)
            held[str(name)].extend(_unpack(rows))
    if held:
        yield _put_together(bucket, held)


def _put_together(bucket: int, held: Mapping[str, list[Piece]]) -> Parcel:
    """A frame's pieces in their order, which a sort that spilt to disk does not keep."""
    return Parcel(bucket, {name: [frame for _, frame in sorted(held[name], key=itemgetter(0))] for name in held})


def _unpack(rows: pl.DataFrame) -> list[Piece]:
    packed = rows.filter(pl.col("frame").is_not_null()).select("step", "frame")
    if packed.is_empty():
        return [(0, rows.drop("frame"))]
    return [(step, pl.read_ipc(BytesIO(frame))) for step, frame in packed.iter_rows()]


def _write(frame: pl.DataFrame) -> bytes:
    written = BytesIO()
    frame.write_ipc(written, compression="lz4")
    return written.getvalue()
