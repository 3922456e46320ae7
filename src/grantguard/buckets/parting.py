"""Usage parted by bucket of accounts: each row is read, checked and written once, a slice at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from grantguard.buckets.scratch import Scratch
from grantguard.contract import TIME, USAGE
from grantguard.histories import find_bucket
from grantguard.sources.files import REJECTED, Counts, Intake, Slice, read, read_slices

BYTES_AN_EVENT = 1_500
"""What an event takes at most while its bucket is read, prepared and scored."""

BASE = 700_000_000
"""Bytes that are taken whatever the bucket is: the libraries, the model, the small tables' keys."""

ROWS_AT_ONCE = 500_000
"""Rows that are checked together."""

PARTED = pl.Schema({"rows": pl.Int64(), "newest": TIME, "ignored": pl.List(pl.String())})
"""What is noted of each slice."""

Tell = Callable[[str, int, int], None]
"""Hears what is being done, and how far: so much of so much (0: not known)."""


@dataclass(frozen=True)
class Parted:
    """A data directory whose usage lies in the scratch, by bucket: what else it held, and its newest event.

    Repeats are found when buckets are read, and count as accepted here.
    """

    intake: Intake
    newest: datetime | None


def count_buckets(rows: int, memory: int) -> int:
    """How many buckets so many events need, for so many bytes."""
    return max(1, -(-rows * BYTES_AN_EVENT // max(memory - BASE, BYTES_AN_EVENT)))


def part(data: Path, scratch: Scratch, buckets: int, now: datetime, tell: Tell) -> Parted:
    """Part a data directory's usage by bucket; what a finished parting left is taken as it is.

    Raises what ``sources.files.read`` does.
    """
    small = read(data, now, leaving=USAGE)
    if not scratch.has("parted"):
        _part_usage(read_slices(data, small.tables.grants, now, ROWS_AT_ONCE), scratch, buckets, tell)
    told = scratch.read("parted")
    rejected, rows = scratch.read("rejected"), int(told["rows"].sum())
    counts = Counts(
        read=rows + rejected.height,
        accepted=rows,
        rejected=rejected.height,
        ignored_columns=len(set(told["ignored"].explode().drop_nulls())),
    )
    intake = Intake(small.tables, pl.concat([small.rejected, rejected]), {**small.counts, USAGE.name: counts})
    return Parted(intake, told["newest"].max())  # type: ignore[arg-type]


def _part_usage(slices: Iterator[Slice], scratch: Scratch, buckets: int, tell: Tell) -> None:
    scratch.drop("usage")
    rejected, told, rows = [pl.DataFrame(schema=REJECTED)], [], 0
    for number, each in enumerate(slices):
        parted = each.good.with_columns(find_bucket(buckets)).partition_by("bucket", as_dict=True, include_key=False)
        for (bucket,), part_of_it in parted.items():
            scratch.write(f"usage/{bucket}/{number:06}", part_of_it)
        rejected.append(each.rejected)
        told.append((each.good.height, each.good["occurred_at"].max(), list(each.ignored)))
        rows += each.good.height + each.rejected.height
        tell("reading usage", rows, 0)
    scratch.write("rejected", pl.concat(rejected))
    scratch.write("parted", pl.DataFrame(told, schema=PARTED, orient="row"))
