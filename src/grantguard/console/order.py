"""The order of everybody who waits, kept for a while: to make it takes longer than a page may."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

import polars as pl

from grantguard.console.hints import FAMILY_OF, hint_at
from grantguard.review import MOST_RANKED, build_queue, seed_of
from grantguard.store.database import Database
from grantguard.store.listing import read_origins
from grantguard.store.reading import read_labels
from grantguard.store.risks import read_risks

LISTED: Final = 1_000
"""Accounts that the queue holds at most: what is further down waits until those before it are done."""

FRESH: Final = 5.0
"""Seconds after which the order is made anew. A verdict and a claim show at once: they are read for every page."""


@dataclass
class Order:
    """The queue of a store, with what is shown and filtered by.

    Whoever finds it old is given it as it is, and makes it anew when the page has been sent (``renew``).
    """

    database: Database
    listed: pl.DataFrame | None = None
    made: float = 0.0
    making: Lock = field(default_factory=Lock)

    def read(self, now: datetime) -> pl.DataFrame:
        """The order; whoever asks first waits for it."""
        if self.listed is None:
            with self.making:
                self._make(now)
        return pl.DataFrame() if self.listed is None else self.listed

    def renew(self, now: datetime) -> None:
        """Make it anew where it is old, unless somebody is at it."""
        if time.monotonic() - self.made > FRESH and self.making.acquire(blocking=False):
            try:
                self._make(now)
            finally:
                self.making.release()

    def _make(self, now: datetime) -> None:
        risks = read_risks(self.database, MOST_RANKED)
        queue = build_queue(risks, read_labels(self.database), top=LISTED, seed=seed_of(now))
        origins = read_origins(self.database, queue["account_id"].to_list())
        told = queue.join(_describe(risks, queue), on="account_id", how="left", maintain_order="left")
        self.listed = told.join(origins, on="account_id", how="left", maintain_order="left")
        self.made = time.monotonic()


def _describe(risks: pl.DataFrame, queue: pl.DataFrame) -> pl.DataFrame:
    """The action, the strongest reason's family, the technique hinted at, and the size of the ring of each."""
    rings = risks.drop_nulls("ring_id").group_by("ring_id").agg(ring_size=pl.len().cast(pl.Int64))
    chosen = risks.join(queue, on="account_id", how="semi").join(rings, on="ring_id", how="left")
    signals = chosen["signals"].to_list()
    hints = pl.Series([hint_at(each) for each in signals], dtype=pl.String)
    families = pl.Series([FAMILY_OF.get(each[0]) if each else None for each in signals], dtype=pl.String)
    told = chosen.select("account_id", "action", pl.col("ring_size").fill_null(1))
    return told.with_columns(family=families, technique=hints)
