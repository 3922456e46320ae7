"""A frame into a table by COPY, in its text form: as fast as the binary one, and not made row by row."""

from __future__ import annotations

from typing import Final

import polars as pl
from psycopg.sql import SQL, Identifier

from grantguard.store.database import Connection

ESCAPES: Final = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
"""What the text form reads as more than itself."""


def copy_rows(connection: Connection, into: str, rows: pl.DataFrame) -> None:
    """Add the rows to the table ``into``, which has columns of their names."""
    names = SQL(", ").join(map(Identifier, rows.columns))
    with connection.cursor().copy(SQL("COPY {} ({}) FROM STDIN").format(Identifier(into), names)) as copy:
        copy.write(as_text(rows))


def as_text(rows: pl.DataFrame) -> str:
    """The rows in COPY's text form."""
    escaped = rows.with_columns(pl.col(pl.String).str.replace_many(ESCAPES))
    return escaped.write_csv(
        include_header=False,
        separator="\t",
        quote_style="never",
        null_value="\\N",
        datetime_format="%Y-%m-%d %H:%M:%S%.6fZ",
    )
