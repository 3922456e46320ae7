"""What a database gave, as frames of one shape: nothing is made anew that is at hand, or turned that is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import polars as pl
import pyarrow as pa

from grantguard.store.database import Database

Frames = dict[str, pl.DataFrame]


def frame_rows(rows: list[tuple[Any, ...]], empty: pl.DataFrame) -> pl.DataFrame:
    """The rows in the shape of ``empty``; most look-ups find none, and a frame takes longer to make than to copy."""
    return pl.DataFrame(rows, empty.schema, orient="row") if rows else empty.clear()


def frame_columns(columns: pa.Table, schema: pl.Schema) -> pl.DataFrame:
    """The columns in the types of ``schema``, which are nearly always those that they have."""
    frame = pl.DataFrame(pl.from_arrow(columns))
    return frame if frame.schema == schema else frame.cast(schema)


@contextmanager
def asking(
    database: Database, queries: Mapping[str, bytes], empty: Frames, asked: Mapping[str, object]
) -> Iterator[Callable[[], Frames]]:
    """Ask for small tables, all in one round trip, and give what reads them, each in the shape of ``empty``.

    The database is at it from now on: what else is to be read or reckoned costs no time meanwhile.
    """
    with database.statement() as connection, connection.pipeline():
        cursors = {name: connection.cursor(binary=True) for name in queries}
        for name, cursor in cursors.items():
            cursor.execute(queries[name], asked)
        yield lambda: {name: frame_rows(cursor.fetchall(), empty[name]) for name, cursor in cursors.items()}
