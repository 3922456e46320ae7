"""What the rows of some accounts say of them alone, dated once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from grantguard.contract import Tables
from grantguard.dated import FACT, Dated
from grantguard.histories.bursts import find_guests
from grantguard.histories.crowds import find_arrivals
from grantguard.histories.events import prepare_events
from grantguard.histories.keys import run, run_all
from grantguard.histories.likenesses import find_likenesses
from grantguard.histories.links import find_facts, find_facts_in_use, keep_first
from grantguard.histories.thresholds import count_lengths
from grantguard.histories.ties import mark_accounts


def date_facts(tables: Tables) -> pl.DataFrame:
    """Which account showed which value, and when first; no event need be prepared to say so."""
    return run(keep_first(pl.concat([find_facts(tables), find_facts_in_use(tables.usage)])))


@dataclass(frozen=True)
class Own:
    """All rows of some accounts, and every campaign; their events with look-back columns, and how they began."""

    tables: Tables
    events: pl.DataFrame
    likenesses: pl.DataFrame

    @classmethod
    def of(cls, tables: Tables) -> Own:
        """Read the rows; those of one account are read alike alone and among all others."""
        events = prepare_events(tables)
        return cls(tables, events, find_likenesses(tables.accounts, events))

    def date(self, facts: pl.DataFrame | None = None) -> Dated:
        """Every fact, as what a store keeps; ``facts`` is what ``date_facts`` gives, where that is at hand."""
        facts = date_facts(self.tables) if facts is None else facts
        milestones, lengths = run_all([self.mark(), count_lengths(self.events)])
        shown = pl.concat([facts.lazy(), self.likenesses.lazy().select(FACT.names())])
        return Dated(
            facts=facts,
            likenesses=self.likenesses,
            milestones=milestones,
            guests=find_guests(self.tables, self.events),
            arrivals=run(find_arrivals(shown)),
            lengths=lengths,
        )

    def mark(self) -> pl.LazyFrame:
        """The milestones of each account."""
        return mark_accounts(self.tables.accounts, self.events, self.tables.billing)
