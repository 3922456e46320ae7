"""The last work on a bucket where a forest is to be made: signals of its accounts, and what else is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import pyarrow as pa

from grantguard.contract import TIME
from grantguard.facts import describe_accounts, find_trusted, is_silent
from grantguard.histories import NEAREST, UNLINKED, Histories, Past, ask, find_nearest
from grantguard.parcels.linking import accounts_of, read_linked, read_past, read_rings
from grantguard.parcels.wrapping import Parcel, as_batches, open_parcels, read_batch, spell
from grantguard.signals import NAMES, extract, hide_links

FACTS = pl.Schema(
    {
        "account_id": pl.String(),
        "at": TIME,
        "ring_id": pl.String(),
        "verdict": pl.String(),
        "labelled_at": TIME,
        "age_days": pl.Float64(),
        "opened_days": pl.Float64(),
        "accusers": pl.Int64(),
        "payments": pl.Int64(),
        "chargebacks": pl.Int64(),
        "has_paid": pl.Boolean(),
        "taken_back": pl.Boolean(),
    }
)
"""What ``describe_accounts`` tells of an account."""

SIGNALS = pl.Schema({"account_id": pl.String(), "at": TIME, **dict.fromkeys(NAMES, pl.Float64())})
"""What ``extract`` gives."""

SIGNALS_DDL = spell(SIGNALS)

NEAR = pl.List(pl.Struct({name: NEAREST[name] for name in ("other", "strength")}))
"""Who stands near an account."""

KNOWN = pl.Schema({**FACTS, "silent": pl.Boolean(), **SIGNALS, "near": NEAR})
"""An account as of a moment: its facts, whether no family can speak of it, its signals, and who stands near it."""

KNOWN_DDL = spell(KNOWN)

ASKED = pl.Schema({"account_id": pl.String(), "seen_at": TIME})
"""An account, and the moment as of which it is asked about."""

DRAWN = pl.Schema({"account_id": pl.String(), "split": pl.Int64()})
DRAWN_DDL = spell(DRAWN)


@dataclass(frozen=True)
class Extract:
    """Extracts all accounts of linked buckets, as of a moment."""

    at: datetime

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``KNOWN`` of each account."""
        for parcel in open_parcels(batches):
            if "marks" in parcel.frames:
                past = read_past(parcel)
                histories = past.up_to(ask(accounts_of(parcel), self.at), read_linked(parcel))
                yield from _send_known(past, histories, parcel)


def stand(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """``KNOWN`` of the accounts that are asked about, each as of the moments that it is asked about."""
    for parcel in open_parcels(batches):
        asked = parcel.read("asked", ASKED).rename({"seen_at": "at"})
        if asked.height:
            past = read_past(parcel)
            yield from _send_known(past, past.up_to(asked), parcel)


def stand_alone(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """``SIGNALS`` of the same by themselves; nothing of an account that no row tells of."""
    for parcel in open_parcels(batches):
        asked = parcel.read("asked", ASKED).rename({"seen_at": "at"})
        if asked.height and "marks" in parcel.frames:
            signals = extract(read_past(parcel).up_to(asked, UNLINKED))
            yield from as_batches(hide_links(signals).cast(SIGNALS))


def _send_known(past: Past, histories: Histories, parcel: Parcel) -> Iterator[pa.RecordBatch]:
    facts, signals = describe_accounts(past, histories.asked, read_rings(parcel)), extract(histories)
    known = facts.hstack(signals.drop("account_id", "at")).with_columns(silent=pl.Series(is_silent(signals)))
    near = find_nearest(histories.kin).group_by("account_id", "at").agg(near=pl.struct("other", "strength"))
    known = known.join(near, on=["account_id", "at"], how="left")
    yield from as_batches(known.select(KNOWN.names()).cast(KNOWN))


@dataclass(frozen=True)
class Trust:
    """Finds whom a reference may take, of rows (``FACTS``, ``silent``) that have all accounts of their rings."""

    most_of_a_ring: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``DRAWN`` of each that may be taken."""
        frames = [read_batch(batch) for batch in batches]
        if frames:
            rows = pl.concat(frames)
            trusted = find_trusted(rows.drop("silent"), rows["silent"].to_numpy(), self.most_of_a_ring)
            yield from as_batches(trusted.select(DRAWN.names()))
