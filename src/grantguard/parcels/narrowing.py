"""Of buckets as they are dated: the accounts that are asked about alone, and crowds as of any moments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from grantguard.contract import GRANTS
from grantguard.histories import count_arrivals_until, count_until
from grantguard.parcels.dating import sign
from grantguard.parcels.linking import KEYED_LIKENESS
from grantguard.parcels.wrapping import lay_open, open_parcels, pack, read_batch, send


@dataclass(frozen=True)
class Narrow:
    """Narrows the packed frames of dated buckets to some accounts; grants stay, events tell their places."""

    account_ids: pl.Series

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same frames, bucket by bucket."""
        is_asked = pl.col("account_id").is_in(self.account_ids.implode())
        for parcel in open_parcels(batches):
            for name in parcel.frames:
                frame = parcel.take(name)
                kept = frame if name == GRANTS.name else frame.filter(is_asked)
                yield from send([pack(name, kept, parcel.bucket)])


@dataclass(frozen=True)
class CountCrowds:
    """Counts who joined which crowd by each of some moments, since the one before."""

    moments: pl.Series

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Open rows ``crowd``, of each bucket: ``kind``, ``value`` (the crowd), ``seen_at`` (the moment), ``n``."""
        for parcel in open_parcels(batches):
            counted = count_until(parcel.read("likenesses", KEYED_LIKENESS), self.moments)
            rows = counted.select("kind", "n", sign("crowd").alias("value"), seen_at="when")
            yield from send([lay_open("crowd", rows, parcel.bucket)])


@dataclass(frozen=True)
class CountArrivals:
    """The same of everybody, of rows that tell when each account first showed anything (``seen_at``)."""

    moments: pl.Series

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Open rows ``crowd``."""
        for batch in batches:
            counted = count_arrivals_until(read_batch(batch), self.moments)
            yield from send([lay_open("crowd", counted.rename({"when": "seen_at"}), 0)])
