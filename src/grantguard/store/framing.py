"""What a database gave, as frames of one shape: nothing is made anew that is at hand, or turned that is right."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa


def frame_rows(rows: list[tuple[Any, ...]], empty: pl.DataFrame) -> pl.DataFrame:
    """The rows in the shape of ``empty``; most look-ups find none, and a frame takes longer to make than to copy."""
    return pl.DataFrame(rows, empty.schema, orient="row") if rows else empty.clear()


def frame_columns(columns: pa.Table, schema: pl.Schema) -> pl.DataFrame:
    """The columns in the types of ``schema``, which are nearly always those that they have."""
    frame = pl.DataFrame(pl.from_arrow(columns))
    return frame if frame.schema == schema else frame.cast(schema)
