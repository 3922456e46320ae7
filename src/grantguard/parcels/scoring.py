"""The last work on a bucket: its accounts scored, with reasons and decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import pyarrow as pa

from grantguard.assessment import REASON, assess_histories
from grantguard.forest import Bundle
from grantguard.histories import ask
from grantguard.parcels.linking import accounts_of, read_linked, read_past, read_rings
from grantguard.parcels.wrapping import ROWS_OPEN, Parcel, open_parcels
from grantguard.policy import RULES, Rules

REASON_DDL = ", ".join(
    f"{field.name}: {'double' if field.dtype == pl.Float64 else 'string'}" for field in REASON.fields
)
SCORES_DDL = (
    "account_id string, model_version string, at timestamp, status string, risk double, p_value double,"
    f" ring_id string, decision string, reasons array<struct<{REASON_DDL}>>,"
    " promo_credits_spent double, promo_credits_left double"
)
"""The contract's ``scores``, as Spark reads them."""

ARROW_REASON = pa.struct(
    [(field.name, pa.float64() if field.dtype == pl.Float64 else pa.string()) for field in REASON.fields]
)
TEXTS = ("account_id", "model_version", "status", "ring_id", "decision")


@dataclass(frozen=True)
class Score:
    """Scores buckets by a bundle, as of a moment."""

    bundle: Bundle
    at: datetime
    rules: Rules = RULES

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The contract's ``scores`` of each bucket."""
        for parcel in open_parcels(batches):
            if "marks" in parcel.frames:
                yield from _send_scores(self._score(parcel))

    def _score(self, parcel: Parcel) -> pl.DataFrame:
        past = read_past(parcel)
        histories = past.up_to(ask(accounts_of(parcel), self.at), read_linked(parcel))
        return assess_histories(past, histories, read_rings(parcel), self.bundle, self.rules).scores()


def _send_scores(scores: pl.DataFrame) -> Iterator[pa.RecordBatch]:
    shape = pa.schema([(name, _arrow_type(name)) for name in scores.columns])
    table = scores.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(shape)
    yield from table.to_batches(max_chunksize=ROWS_OPEN)


def _arrow_type(name: str) -> pa.DataType:
    if name in TEXTS:
        return pa.string()
    if name == "at":
        return pa.timestamp("us", "UTC")
    return pa.list_(ARROW_REASON) if name == "reasons" else pa.float64()
