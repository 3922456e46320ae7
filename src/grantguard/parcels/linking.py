"""The second work on a bucket: what its accounts share with those of all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import pyarrow as pa

from grantguard.contract import GRANTS, TIME, USAGE, Tables
from grantguard.dated import ANYONE, FACT, GUEST, LIKENESS, MILESTONES, THRESHOLD
from grantguard.histories import (
    Bucket,
    Everybody,
    Linked,
    Past,
    ask,
    find_bucket,
    find_nearest,
    find_rings,
    name_anyone,
    past_among,
    strong_pairs,
)
from grantguard.parcels.dating import read_tables
from grantguard.parcels.wrapping import Parcel, lay_open, open_parcels, pack, read_batch, send

KEYED_FACT = pl.Schema({**FACT, "value": pl.UInt64()})
KEYED_LIKENESS = pl.Schema({**LIKENESS, "value": pl.UInt64(), "likeness": pl.UInt64()})
SIGNED_FACT = pl.Schema({**FACT, "value": pl.Int64()})
COUNTED = pl.Schema({"kind": pl.String(), "value": pl.Int64(), "seen_at": TIME, "n": pl.Int64()})
"""How many there were of a crowd, the key of which is the value, by when."""

RING = pl.Schema({"account_id": pl.String(), "other": pl.String()})
"""An account, and the name of its ring."""


@dataclass(frozen=True)
class Link:
    """Links buckets, as of a moment."""

    buckets: int
    at: datetime

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What ``Past.link`` gives of each bucket, packed; open, its strong pairs, and whose company it asks about."""
        for parcel in open_parcels(batches):
            if "marks" in parcel.frames:
                yield from send(self._link(parcel))

    def _link(self, parcel: Parcel) -> Iterator[pl.DataFrame]:
        linked = read_past(parcel).link(ask(accounts_of(parcel), self.at))
        for name, frame in vars(linked).items():
            yield pack(name, frame, parcel.bucket)
        strong = strong_pairs(linked.kin)
        for one, other in (("account_id", "other"), ("other", "account_id")):
            pairs = strong.select(account_id=one, other=other).with_columns(find_bucket(self.buckets))
            yield lay_open("pair", pairs)
        company = find_nearest(linked.kin).select(account_id="other").unique()
        yield lay_open("company", company.with_columns(find_bucket(self.buckets), n=pl.lit(parcel.bucket, pl.Int64)))


def join_rings(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Open rows ``ring``, of all pairs (``bucket, account_id, other``) in one partition."""
    frames = [read_batch(batch) for batch in batches]
    if frames:
        pairs = pl.concat(frames)
        rings = find_rings(pairs.with_columns(strength=pl.lit(1.0))).rename({"ring_id": "other"})
        places = pairs.select("bucket", "account_id").unique()
        yield from send([lay_open("ring", rings.join(places, on="account_id"))])


def accounts_of(parcel: Parcel) -> pl.Series:
    """The bucket's accounts, in the order in which all work on it asks about them."""
    known = [parcel.read("marks", MILESTONES), parcel.read("grants", GRANTS.schema)]
    return pl.concat([frame["account_id"] for frame in known]).unique().sort()


def read_past(parcel: Parcel) -> Past:
    """The past of a bucket among everybody, as far as the parcel has it."""
    tables = read_tables(parcel)
    marks = parcel.read("marks", MILESTONES)
    bucket = Bucket(
        account_ids=accounts_of(parcel),
        tables=Tables.of(**(vars(tables) | {"usage": USAGE.empty()})),
        events=parcel.take("events") if "events" in parcel.frames else pl.DataFrame(),
        facts=pl.concat([parcel.read("own", KEYED_FACT), _key(parcel.read("given", SIGNED_FACT))]),
        likenesses=parcel.read("likenesses", KEYED_LIKENESS),
    )
    return past_among(_read_everybody(parcel, marks, tables.campaigns), bucket)


def read_linked(parcel: Parcel) -> Linked:
    """What ``Link`` gave of the bucket."""
    return Linked(ties=parcel.take("ties"), kin=parcel.take("kin"))


def read_rings(parcel: Parcel) -> pl.DataFrame:
    """``account_id`` and ``ring_id`` of the bucket's accounts that stand in a ring."""
    return parcel.read("ring", RING).rename({"other": "ring_id"})


def _read_everybody(parcel: Parcel, marks: pl.DataFrame, campaigns: pl.DataFrame) -> Everybody:
    counted = _key(parcel.read("crowd", COUNTED)).rename({"value": "crowd", "seen_at": "when"})
    is_anyone = pl.col("kind") == ANYONE
    crowds = pl.concat([counted.filter(~is_anyone), name_anyone(counted.filter(is_anyone))])
    others = parcel.read("given", MILESTONES)
    told = {
        "marks": pl.concat([marks, others]).unique("account_id", keep="first"),
        "guests": parcel.read("guests", GUEST),
        "guest_facts": parcel.read("guest_facts", KEYED_FACT),
        "thresholds": parcel.read("thresholds", THRESHOLD),
    }
    return Everybody.counted(crowds, told, campaigns)


def _key(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("value").reinterpret(signed=False))
