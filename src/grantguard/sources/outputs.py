"""Frames out to files, whole or not at all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from grantguard.contract import INPUTS, Tables
from grantguard.errors import UsageError
from grantguard.sources.files import MARK

WRITTEN = (".parquet", ".csv", ".jsonl")
TIMES = "%Y-%m-%dT%H:%M:%S%.6fZ"


def require_suffix(path: Path) -> None:
    """Raise ``UsageError`` for a file whose name does not say how to write it."""
    if path.suffix not in WRITTEN:
        raise UsageError(f"{path}: end the name in {', '.join(WRITTEN[:-1])} or {WRITTEN[-1]}")


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame by its file's suffix; in CSV, lists become JSON text. Raises ``UsageError`` for another suffix."""
    with _drafted(path) as draft:
        if path.suffix == ".parquet":
            frame.write_parquet(draft)
        elif path.suffix == ".csv":
            frame.with_columns(_flatten(frame.schema)).write_csv(draft, datetime_format=TIMES)
        else:
            frame.with_columns(_spell_times(frame.schema)).write_ndjson(draft)


def stream_table(plan: pl.LazyFrame, path: Path) -> None:
    """Write what a plan gives as ``write_table`` does, as it comes."""
    schema = plan.collect_schema()
    with _drafted(path) as draft:
        if path.suffix == ".parquet":
            plan.sink_parquet(draft)
        elif path.suffix == ".csv":
            plan.with_columns(_flatten(schema)).sink_csv(draft, datetime_format=TIMES)
        else:
            plan.with_columns(_spell_times(schema)).sink_ndjson(draft)


@contextmanager
def _drafted(path: Path) -> Iterator[Path]:
    """Where to write what is to stand at ``path`` once it is whole."""
    require_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        draft = Path(file.name)
    yield draft
    draft.chmod(0o644)
    draft.replace(path)


def _flatten(schema: pl.Schema) -> list[pl.Expr]:
    lists = [name for name, dtype in schema.items() if isinstance(dtype, pl.List)]
    return [pl.struct(item=pl.col(name)).struct.json_encode().str.slice(8).str.head(-1).alias(name) for name in lists]


def _spell_times(schema: pl.Schema) -> list[pl.Expr]:
    times = [name for name, dtype in schema.items() if isinstance(dtype, pl.Datetime)]
    return [pl.col(name).dt.to_string(TIMES) for name in times]


def write_tables(tables: Tables, folder: Path) -> None:
    """Write each table as one Parquet file; optional tables without rows are left out."""
    for table in INPUTS:
        frame = getattr(tables, table.name)
        if frame.height or table.name in ("accounts", "grants", "usage", "billing"):
            write_table(frame, folder / f"{table.name}.parquet")


def mark_simulated(folder: Path, **knobs: float) -> None:
    """Say of a data directory that it was simulated, and with which knobs."""
    (folder / MARK).write_text(json.dumps(knobs, sort_keys=True) + "\n")


def write_rejected(rejected: pl.DataFrame, path: Path) -> None:
    """Write bad rows beside the output; where there are none, an older file is taken away, lest it mislead."""
    if rejected.is_empty():
        path.unlink(missing_ok=True)
    else:
        write_table(rejected, path)
