"""The last work on a bucket: its accounts scored, with reasons and decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

import polars as pl
import pyarrow as pa

from grantguard.assessment import RATED, REASON, Findings, assess_findings
from grantguard.contract import TIME
from grantguard.forest import Bundle
from grantguard.parcels.wrapping import Parcel, as_batches, open_parcels, spell
from grantguard.policy import RULES, Rules

SCORES = pl.Schema(
    {
        "account_id": pl.String(),
        "model_version": pl.String(),
        "at": TIME,
        "status": pl.String(),
        "risk": pl.Float64(),
        "p_value": pl.Float64(),
        "ring_id": pl.String(),
        "decision": pl.String(),
        "reasons": pl.List(REASON),
        "promo_credits_spent": pl.Float64(),
        "promo_credits_left": pl.Float64(),
    }
)
"""The contract's ``scores``."""

SCORES_DDL = spell(SCORES)


@dataclass(frozen=True)
class Score:
    """Scores buckets by a bundle, of what was found."""

    bundle: Bundle
    rules: Rules = RULES

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``SCORES`` of each bucket."""
        for parcel in open_parcels(batches):
            if "signals" in parcel.frames:
                yield from as_batches(self._score(parcel).cast(SCORES))

    def _score(self, parcel: Parcel) -> pl.DataFrame:
        findings = Findings(*(parcel.take(field.name) for field in fields(Findings)))
        return assess_findings(findings, parcel.read("rated", RATED), self.bundle, self.rules).scores()
