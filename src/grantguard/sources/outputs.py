"""Frames out to files, whole or not at all."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import polars as pl

from grantguard.contract import INPUTS, Tables
from grantguard.errors import UsageError
from grantguard.sources.files import MARK

WRITTEN = (".parquet", ".csv", ".jsonl")


def require_suffix(path: Path) -> None:
    """Raise ``UsageError`` for a file whose name does not say how to write it."""
    if path.suffix not in WRITTEN:
        raise UsageError(f"{path}: end the name in {', '.join(WRITTEN[:-1])} or {WRITTEN[-1]}")


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame by its file's suffix; in CSV, lists become JSON text. Raises ``UsageError`` for another suffix."""
    require_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        draft = Path(file.name)
    if path.suffix == ".parquet":
        frame.write_parquet(draft)
    elif path.suffix == ".csv":
        _flatten(frame).write_csv(draft, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    else:
        _spell_times(frame).write_ndjson(draft)
    draft.chmod(0o644)
    draft.replace(path)


def _flatten(frame: pl.DataFrame) -> pl.DataFrame:
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    texts = [pl.struct(item=pl.col(name)).struct.json_encode().str.slice(8).str.head(-1).alias(name) for name in lists]
    return frame.with_columns(texts)


def _spell_times(frame: pl.DataFrame) -> pl.DataFrame:
    times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(pl.col(times).dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")) if times else frame


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
