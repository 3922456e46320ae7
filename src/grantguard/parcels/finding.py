"""The last work but one on a bucket: what is known of its accounts, and what those whom others stand near are like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import pyarrow as pa

from grantguard.assessment import Findings, rate_themselves
from grantguard.forest import Bundle
from grantguard.histories import ask
from grantguard.parcels.extracting import SIGNALS
from grantguard.parcels.linking import accounts_of, read_linked, read_past, read_rings
from grantguard.parcels.wrapping import Parcel, open_parcels, pack, send

COMPANY = pl.Schema({"account_id": pl.String(), "n": pl.Int64()})
"""An account, and the bucket in which somebody stands near it."""


@dataclass(frozen=True)
class Find:
    """Finds what a forest is asked about in linked buckets, as of a moment."""

    bundle: Bundle
    at: datetime

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``Findings`` of each bucket and, for the buckets that ask, ``RATED`` of its accounts; all packed."""
        for parcel in open_parcels(batches):
            signals = SIGNALS.to_frame()
            if "marks" in parcel.frames:
                findings = self._find(parcel)
                yield from send(pack(name, frame, parcel.bucket) for name, frame in vars(findings).items())
                signals = findings.signals
            yield from send(self._answer(parcel.read("company", COMPANY), signals))

    def _find(self, parcel: Parcel) -> Findings:
        past = read_past(parcel)
        histories = past.up_to(ask(accounts_of(parcel), self.at), read_linked(parcel))
        return Findings.of(past, histories, read_rings(parcel))

    def _answer(self, company: pl.DataFrame, signals: pl.DataFrame) -> Iterator[pl.DataFrame]:
        # Whoever brought an account may be in no table: nothing is known of it, and it is company all the same.
        asked = ask(company["account_id"].unique(), self.at)
        rated = rate_themselves(asked.join(signals, on=["account_id", "at"], how="left"), self.bundle)
        for (bucket,), theirs in company.partition_by("n", as_dict=True).items():
            yield pack("rated", rated.join(theirs, on="account_id", how="semi"), int(bucket))
