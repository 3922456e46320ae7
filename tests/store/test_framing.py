"""Rows and columns of a database become frames of one shape."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from grantguard.store.framing import frame_columns, frame_rows

EMPTY = pl.DataFrame(schema={"name": pl.String(), "n": pl.Int64()})


def test_no_rows_have_the_shape_all_the_same() -> None:
    assert frame_rows([], EMPTY).schema == EMPTY.schema


def test_rows_of_nulls_have_the_shape() -> None:
    assert frame_rows([(None, None)], EMPTY).schema == EMPTY.schema


def test_rows_stand_as_they_came() -> None:
    assert frame_rows([("b", 2), ("a", 1)], EMPTY).rows() == [("b", 2), ("a", 1)]


def test_columns_of_other_types_are_turned() -> None:
    narrow = pa.table({"name": pa.array(["a"]), "n": pa.array([1], pa.int16())})
    assert frame_columns(narrow, EMPTY.schema).schema == EMPTY.schema
