"""Parquet, CSV and JSON Lines as frames with their row numbers; one bad line costs itself alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from grantguard.errors import FileUnreadable

ROW = "__row"
"""The column that carries the row's number in its file, from 1."""

SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class Scanned:
    """One file: its rows, and the lines that are no rows at all (``__row``, ``content``, ``reason``)."""

    rows: pl.LazyFrame
    broken: pl.DataFrame


BROKEN = pl.Schema({ROW: pl.UInt32, "content": pl.String, "reason": pl.String})


def scan(path: Path) -> Scanned:
    """The rows of one file. Raises ``FileUnreadable`` where it is not what its name says."""
    try:
        return _scan(path)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError, csv.Error) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FileUnreadable(f"{path}: cannot be read as {path.suffix[1:]} ({first}); check the file") from error


def _scan(path: Path) -> Scanned:
    if path.suffix == ".parquet":
        rows = pl.scan_parquet(path, row_index_name=ROW, row_index_offset=1, hive_partitioning=False)
        rows.collect_schema()
        return Scanned(rows, pl.DataFrame(schema=BROKEN))
    if path.suffix == ".csv":
        return _scan_csv(path)
    return _gather(_read_json_lines(path))


def _scan_csv(path: Path) -> Scanned:
    if not path.read_bytes()[:4].strip():
        return Scanned(pl.LazyFrame(schema={ROW: pl.UInt32}), pl.DataFrame(schema=BROKEN))
    if _is_ragged(path):
        return _gather(_read_csv_rows(path))
    rows = pl.scan_csv(path, infer_schema=False, row_index_name=ROW, row_index_offset=1, encoding="utf8")
    rows.collect_schema()
    return Scanned(rows, pl.DataFrame(schema=BROKEN))


def _is_ragged(path: Path) -> bool:
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        width = len(next(lines, []))
        return any(len(fields) != width for fields in lines)


def _read_csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str | None] | None, str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        header = next(lines)
        for row, fields in enumerate(lines, start=1):
            if len(fields) == len(header):
                yield row, {name: value or None for name, value in zip(header, fields, strict=True)}, "", ""
            elif fields:
                problem = f"the row has {len(fields)} fields, the header {len(header)}"
                yield row, None, ",".join(fields), problem


def _read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, str | None] | None, str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        for row, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
            except json.JSONDecodeError as error:
                yield row, None, line.rstrip("\n"), f"the line is not JSON ({error.msg} at character {error.pos + 1})"
                continue
            if isinstance(fields, dict):
                yield row, {name: _as_text(value) for name, value in fields.items()}, "", ""
            else:
                yield row, None, line.rstrip("\n"), "the line is not a JSON object"


def _as_text(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _gather(lines: Iterator[tuple[int, dict[str, str | None] | None, str, str]]) -> Scanned:
    rows: list[dict[str, Any]] = []
    broken: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    for row, fields, content, reason in lines:
        if fields is None:
            broken.append({ROW: row, "content": content, "reason": reason})
        else:
            names.update(dict.fromkeys(fields))
            rows.append({ROW: row, **fields})
    schema = {ROW: pl.UInt32, **dict.fromkeys(names, pl.String)}
    return Scanned(pl.LazyFrame(rows, schema=schema), pl.DataFrame(broken, schema=BROKEN))
