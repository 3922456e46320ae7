"""A data directory: tables in, bad rows parted from the good with a reason each, everything counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from grantguard.checking import check, is_of_another_account, merge_repeats
from grantguard.contract import ACCOUNTS, GRANTS, INPUTS, USAGE, Table, Tables
from grantguard.errors import ColumnMissing, FileMissing, TooManyRejected, UsageError
from grantguard.sources.formats import ROW, SUFFIXES, Scanned, scan

NEEDED = (ACCOUNTS, GRANTS, USAGE)
"""Tables without which there is nothing to read."""

TOLERATED = 0.01
"""The share of a table that may be bad before a run stops."""

BYTES_A_ROW = 100
"""What a row of usage takes as text, at least."""

REJECTED = pl.Schema(
    {"table": pl.String, "file": pl.String, "row": pl.Int64, "reason": pl.String, "content": pl.String}
)


@dataclass(frozen=True)
class Counts:
    """What became of a table's rows."""

    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    ignored_columns: int = 0


@dataclass(frozen=True)
class Intake:
    """What a data directory held: tables, rejected rows (of ``REJECTED``'s shape) and counts by table."""

    tables: Tables
    rejected: pl.DataFrame
    counts: Mapping[str, Counts]

    @property
    def newest(self) -> datetime | None:
        """The newest accepted event, the default moment to read histories as of."""
        newest = self.tables.usage["occurred_at"].max()
        return newest if isinstance(newest, datetime) else None


@dataclass(frozen=True)
class _Part:
    good: pl.DataFrame
    rejected: pl.DataFrame
    ignored: frozenset[str]


def read(folder: Path, now: datetime, *, leaving: Table | None = None) -> Intake:
    """Read the tables of a data directory; ``leaving`` one of them empty, to be read in slices.

    Raises ``FileMissing`` for a needed table that is not there, ``ColumnMissing`` for a required column,
    ``FileUnreadable`` for a file that is not what its name says and ``UsageError`` for a table that is there twice.
    """
    if not folder.is_dir():
        raise FileMissing(f"{folder}: no such folder; give the data directory that holds accounts, grants and usage")
    read_parts = {
        table.name: _read_table([] if table is leaving else find_files(folder, table), table, now) for table in INPUTS
    }
    frames = {name: part.good for name, (part, _) in read_parts.items()}
    frames["usage"], stray = _part_foreign(frames["grants"], frames["usage"])
    rejected = pl.concat([*(part.rejected for part, _ in read_parts.values()), stray])
    counts = {
        name: Counts(
            read=frames[name].height + repeats + rejected.filter(pl.col("table") == name).height,
            accepted=frames[name].height,
            duplicate=repeats,
            rejected=rejected.filter(pl.col("table") == name).height,
            ignored_columns=len(part.ignored),
        )
        for name, (part, repeats) in read_parts.items()
    }
    return Intake(Tables(**frames), rejected, counts)


@dataclass(frozen=True)
class Slice:
    """Some rows of usage: the good ones, repeats among them, and the rejected."""

    good: pl.DataFrame
    rejected: pl.DataFrame
    ignored: frozenset[str]


def read_slices(folder: Path, grants: pl.DataFrame, now: datetime, rows: int) -> Iterator[Slice]:
    """Usage, at most so many rows at a time; what is no row of its own file comes with the first of it.

    JSON Lines, and CSV with ragged lines, are read a file at a time. Raises what ``read`` does.
    """
    for path in find_files(folder, USAGE):
        scanned, found = _open(path, USAGE)
        broken = _describe(scanned.broken, path, USAGE)
        for frame in scanned.rows.collect_batches(chunk_size=rows, maintain_order=True):
            part = _check(frame.lazy(), path, USAGE, now)
            good, stray = _part_foreign(grants, part.good)
            yield Slice(good, pl.concat([part.rejected, broken, stray]), found)
            broken = broken.clear()


def read_one(path: Path, table: Table, now: datetime) -> pl.DataFrame:
    """One table from one file. A bad row is an error here: labels and truth are small and made with care.

    Raises ``FileMissing``, ``ColumnMissing``, ``FileUnreadable`` and ``TooManyRejected``.
    """
    if not path.is_file():
        raise FileMissing(f"{path}: no such file")
    part, _ = _read_table([path], table, now)
    if part.rejected.height:
        first = part.rejected.row(0, named=True)
        raise TooManyRejected(f"{path}: row {first['row']}: {first['reason']}")
    return part.good


def find_files(folder: Path, table: Table) -> list[Path]:
    """The files of a table: one, or the parts in a folder of its name."""
    candidates = [folder / f"{table.name}{suffix}" for suffix in SUFFIXES]
    found = [path for path in (*candidates, folder / table.name) if path.exists()]
    if len(found) > 1:
        raise UsageError(f"{folder}: both {found[0].name} and {found[1].name} are there; keep one")
    if not found:
        if table in NEEDED:
            raise FileMissing(
                f"{folder}: no {table.name}.parquet, .csv or .jsonl, and no folder {table.name}/ of parts"
            )
        return []
    if found[0].is_dir():
        return sorted(path for path in found[0].rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return found


def count_rows(folder: Path) -> int:
    """About how many rows of usage there are: known of Parquet, guessed of texts by their size."""
    paths = find_files(folder, USAGE)
    parquet = [path for path in paths if path.suffix == ".parquet"]
    texts = sum(path.stat().st_size for path in paths if path.suffix != ".parquet")
    known = pl.scan_parquet(parquet, hive_partitioning=False).select(pl.len()).collect().item() if parquet else 0
    return int(known) + texts // BYTES_A_ROW


def _read_table(paths: list[Path], table: Table, now: datetime) -> tuple[_Part, int]:
    parts = [_read_file(path, table, now) for path in paths]
    good = pl.concat([part.good for part in parts]) if parts else table.empty()
    merged = merge_repeats(good, table)
    rejected = pl.concat([pl.DataFrame(schema=REJECTED), *(part.rejected for part in parts)])
    ignored = frozenset().union(*(part.ignored for part in parts))
    return _Part(merged, rejected, ignored), good.height - merged.height


def _read_file(path: Path, table: Table, now: datetime) -> _Part:
    scanned, ignored = _open(path, table)
    part = _check(scanned.rows, path, table, now)
    return _Part(part.good, pl.concat([part.rejected, _describe(scanned.broken, path, table)]), ignored)


def _open(path: Path, table: Table) -> tuple[Scanned, frozenset[str]]:
    """The file's rows with its folder's columns, and the names of columns that are of no use."""
    scanned = scan(path)
    rows = _with_partitions(scanned.rows, path, table)
    found = rows.collect_schema().names()
    _require_columns(found, path, table)
    return Scanned(rows, scanned.broken), frozenset(found) - {ROW} - set(table.schema)


def _check(rows: pl.LazyFrame, path: Path, table: Table, now: datetime) -> _Part:
    checked = check(rows, table, now)
    good, bad = pl.collect_all([checked.good, checked.bad])
    return _Part(good, _describe(bad, path, table), frozenset())


def _with_partitions(rows: pl.LazyFrame, path: Path, table: Table) -> pl.LazyFrame:
    """Hive partitions of the contract's columns that the file itself does not hold."""
    pairs = dict(part.split("=", 1) for part in path.parts[:-1] if "=" in part)
    own = rows.collect_schema().names()
    wanted = {name: value for name, value in pairs.items() if name in table.schema and name not in own}
    return rows.with_columns(pl.lit(value).alias(name) for name, value in wanted.items())


def _require_columns(found: list[str], path: Path, table: Table) -> None:
    lacking = [name for name in table.required if name not in found]
    if lacking and found != [ROW]:
        raise ColumnMissing(f"{path}: column {lacking[0]} is missing; {table.name} needs {', '.join(table.required)}")


def _describe(bad: pl.DataFrame, path: Path, table: Table) -> pl.DataFrame:
    if bad.is_empty():
        return pl.DataFrame(schema=REJECTED)
    if "content" not in bad.columns:
        kept = [name for name in bad.columns if name in table.schema]
        bad = bad.with_columns(content=pl.struct(kept).struct.json_encode())
    return bad.select(
        table=pl.lit(table.name),
        file=pl.lit(path.name),
        row=pl.col(ROW).cast(pl.Int64),
        reason=pl.col("reason"),
        content=pl.col("content"),
    )


def _part_foreign(grants: pl.DataFrame, usage: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    foreign = is_of_another_account(grants, usage)
    return usage.filter(~foreign), _reject_foreign(usage.filter(foreign))


def _reject_foreign(stray: pl.DataFrame) -> pl.DataFrame:
    reason = pl.format("grant_id: '{}' was given to another account", pl.col("grant_id"))
    named = stray.with_columns(reason=reason).with_columns(pl.lit(None, pl.UInt32).alias(ROW))
    return _describe(named, Path(USAGE.name), USAGE)


def require_tolerable(intake: Intake, rejected_to: Path, *, keep_going: bool) -> None:
    """Raise ``TooManyRejected`` when more than ``TOLERATED`` of a table was bad, unless told to keep going."""
    for name, counts in intake.counts.items():
        if keep_going or counts.rejected <= TOLERATED * counts.read:
            continue
        first = intake.rejected.filter(pl.col("table") == name).row(0, named=True)
        where = f"{first['file']}, row {first['row']}" if first["row"] else first["file"]
        raise TooManyRejected(
            f"{name}: {counts.rejected:,} of {counts.read:,} rows are bad (first: {where}: {first['reason']});"
            f" all are in {rejected_to}; mend them, or go on without them with --keep-going"
        )


def describe_counts(counts: Mapping[str, Counts]) -> str:
    """The closing line: what was read, and what became of it."""
    told = [f"{name} {_describe_count(each)}" for name, each in counts.items() if each.read]
    return "read " + ", ".join(told) if told else "read nothing"


def _describe_count(counts: Counts) -> str:
    asides = [
        f"{number:,} {what}"
        for number, what in (
            (counts.duplicate, "repeated"),
            (counts.rejected, "rejected"),
            (counts.ignored_columns, "unknown columns ignored"),
        )
        if number
    ]
    return f"{counts.accepted:,}" + (f" ({', '.join(asides)})" if asides else "")


MARK = "simulated.json"
"""Stands in a data directory whose accounts nobody is: a forest that they calibrate never enforces."""


def is_simulated(folder: Path) -> bool:
    """Whether the data directory says of itself that it was simulated."""
    return (folder / MARK).exists()
