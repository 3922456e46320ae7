"""What is packed comes out as it went in, bucket by bucket."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pyarrow as pa
from polars.testing import assert_frame_equal

from grantguard.parcels.wrapping import (
    PARCEL,
    ROWS_PACKED,
    Parcel,
    as_batches,
    lay_open,
    open_parcels,
    pack,
    read_batch,
    send,
    spell,
)

NUMBERS = pl.DataFrame({"n": range(ROWS_PACKED + 5), "key": pl.Series(range(ROWS_PACKED + 5), dtype=pl.UInt64)})

NEAR = {"other": pl.String, "strength": pl.Float64}


def travel(*frames: pl.DataFrame) -> list[Parcel]:
    """The parcels as a cluster puts them: by bucket, in batches of any size."""
    table = pa.Table.from_batches(list(send(frames))).sort_by("bucket")
    return list(open_parcels(table.to_batches(max_chunksize=2)))


def test_a_packed_frame_comes_out_as_it_went_in() -> None:
    (parcel,) = travel(pack("numbers", NUMBERS, 3))
    assert parcel.bucket == 3
    assert_frame_equal(parcel.take("numbers"), NUMBERS)


def test_pieces_stand_in_their_order_however_they_come() -> None:
    (parcel,) = travel(pack("numbers", NUMBERS, 3).reverse())
    assert_frame_equal(parcel.take("numbers"), NUMBERS)


def test_an_empty_frame_keeps_its_shape() -> None:
    (parcel,) = travel(pack("numbers", NUMBERS.clear(), 3))
    assert parcel.take("numbers").schema == NUMBERS.schema


def test_open_rows_are_read_by_their_columns() -> None:
    rows = pl.DataFrame({"kind": ["device", "email"], "n": [1, 2]})
    (parcel,) = travel(lay_open("counted", rows, 0))
    assert_frame_equal(parcel.read("counted", rows.schema), rows)


def test_a_list_of_several_things_travels_as_it_is() -> None:
    near = pl.Series([[{"other": "bob", "strength": 0.5}], None], dtype=pl.List(pl.Struct(NEAR)))
    rows = pl.DataFrame({"account_id": ["ada", "bob"], "near": near})
    (batch,) = as_batches(rows)
    assert_frame_equal(read_batch(batch), rows)


def test_spark_reads_what_a_list_is_made_of() -> None:
    assert spell(pl.Schema({"near": pl.List(pl.Struct(NEAR))})) == "near array<struct<other: string, strength: double>>"


def test_buckets_come_one_at_a_time_with_all_that_is_theirs() -> None:
    sent = [pack(name, NUMBERS.head(bucket), bucket) for bucket in (1, 2, 3) for name in ("a", "b")]
    opened = [(parcel.bucket, parcel.take("a").height, parcel.take("b").height) for parcel in travel(*sent)]
    assert opened == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]


def test_what_is_not_there_is_an_empty_frame_of_the_shape_asked_for() -> None:
    assert Parcel(0, {}).read("marks", PARCEL).schema == PARCEL


def test_executors_import_neither_the_forest_nor_a_door_to_extract() -> None:
    works = ("spreading", "linking", "narrowing", "extracting")
    line = f"import sys, {', '.join(f'grantguard.parcels.{work}' for work in works)}; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    rooms = {f"grantguard.{room}" for room in ("forest", "training", "assessment", "service", "cli", "spark", "store")}
    assert not (rooms | {"sklearn", "pyspark", "fastapi"}) & set(told.stdout.split())
