"""A sample of all usage: what requests of everybody look like, without reading them all."""

from __future__ import annotations

import polars as pl

from grantguard.store.database import Connection, Database

ROWS = """
    SELECT coalesce(sum(greatest(reltuples, 0)), 0)::float8 FROM pg_class
    WHERE relkind = 'r' AND (relname LIKE 'usage\\_%')
"""
"""How many rows of usage there are, about: PostgreSQL's own estimate."""


def sample_sizes(database: Database, most: int) -> pl.DataFrame:
    """``input_tokens`` and ``output_tokens`` of about so many requests at most, whole pages of the table at random."""
    with database.statement() as connection:
        rows = _count(connection)
    share = 100.0 if rows <= most else 100.0 * most / rows
    asked = f"""
        SELECT input_tokens, output_tokens FROM usage TABLESAMPLE SYSTEM ({share:.6f}) REPEATABLE (1) LIMIT {most:d}
    """  # noqa: S608 - numbers of ours
    with database.reader() as reader, reader.cursor() as cursor:
        cursor.execute(asked)
        return pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))


def _count(connection: Connection) -> float:
    found = connection.execute(ROWS).fetchone()
    return 0.0 if found is None else float(found[0])
