"""The first pass over buckets: events prepared, facts dated, and what all need of each gathered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime

import polars as pl

from grantguard.buckets.parting import Tell
from grantguard.buckets.scratch import Scratch
from grantguard.checking import merge_repeats
from grantguard.contract import USAGE, Tables
from grantguard.histories import Everybody, Own, Share, find_bucket, find_shared

VALUES_APART = 16
"""Facts are compared by part of their values, so that all accounts' facts are never at hand together."""

GATHERED = tuple(field.name for field in fields(Share) if field.name != "facts")
"""What is kept of a share under its own name."""


def read_bucket(tables: Tables, bucket: int, buckets: int, usage: pl.DataFrame) -> Tables:
    """The rows of the bucket's accounts, all campaigns and all labels."""

    def own(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(find_bucket(buckets) == bucket)

    return Tables(
        accounts=own(tables.accounts),
        grants=own(tables.grants),
        usage=usage,
        billing=own(tables.billing),
        campaigns=tables.campaigns,
        labels=tables.labels,
    )


def date(
    scratch: Scratch, tables: Tables, buckets: int, at: datetime, mend: Callable[[Tables], Tables], tell: Tell
) -> None:
    """Date every bucket that is not dated yet; ``mend`` takes away what is at fault in its rows."""
    for bucket in range(buckets):
        if not scratch.has(f"dated/{bucket}"):
            _date_bucket(scratch, tables, bucket, buckets, at, mend)
        tell("dating", bucket + 1, buckets)


def _date_bucket(
    scratch: Scratch, tables: Tables, bucket: int, buckets: int, at: datetime, mend: Callable[[Tables], Tables]
) -> None:
    names = scratch.names(f"usage/{bucket}")
    read = pl.concat([USAGE.empty(), *(scratch.read(name) for name in names)])
    usage = merge_repeats(read, USAGE)
    own = Own.of(mend(read_bucket(tables, bucket, buckets, usage)))
    share = Share.of(own, at)
    scratch.write(f"events/{bucket}", own.events)
    scratch.write(f"own/{bucket}", share.said_alone)
    parted = share.facts.with_columns(part=pl.col("value") % VALUES_APART)
    for (part,), facts in parted.partition_by("part", as_dict=True, include_key=False).items():
        scratch.write(f"facts/{part}/{bucket}", facts)
    for name in GATHERED:
        scratch.write(f"{name}/{bucket}", getattr(share, name))
    scratch.write(
        f"dated/{bucket}", pl.DataFrame({"accepted": [usage.height], "repeated": [read.height - usage.height]})
    )


def share(scratch: Scratch, buckets: int, tell: Tell) -> None:
    """Give each bucket the shared facts of the values that its accounts show."""
    for part in range(VALUES_APART):
        if not scratch.has(f"compared/{part}"):
            _share_part(scratch, part, buckets)
        tell("comparing", part + 1, VALUES_APART)


def _share_part(scratch: Scratch, part: int, buckets: int) -> None:
    names = scratch.names(f"facts/{part}")
    if names:
        shared = find_shared(pl.concat(scratch.read(name) for name in names)).with_columns(find_bucket(buckets))
        wanted = shared.select("kind", "value", "bucket").unique()
        given = wanted.join(shared.drop("bucket"), on=["kind", "value"])
        for (bucket,), facts in given.partition_by("bucket", as_dict=True, include_key=False).items():
            scratch.write(f"shared/{bucket}/{part}", facts)
    scratch.write(f"compared/{part}", pl.DataFrame({"values": [len(names)]}))


def gather(scratch: Scratch, campaigns: pl.DataFrame, at: datetime) -> Everybody:
    """What all buckets said to all."""
    told = {name: scratch.read_all(name) for name in GATHERED}
    return Everybody.of(told, campaigns, at)
