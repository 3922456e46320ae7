"""A population that is at hand whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import polars as pl

from grantguard.contract import Tables
from grantguard.facts import describe_accounts, is_silent
from grantguard.histories import Histories, Past, ask, find_nearest
from grantguard.signals import extract, extract_others
from grantguard.training.fingerprints import fingerprint
from grantguard.training.learning import find_examples
from grantguard.training.population import Known, put_together, round_signals
from grantguard.training.recipe import Recipe
from grantguard.training.reference import draw_reference


@dataclass(frozen=True)
class Whole:
    """All accounts of the tables: trees grow on everybody."""

    past: Past
    at: datetime
    rings: pl.DataFrame
    everybody: Known
    trusted: Known

    @classmethod
    def of(cls, tables: Tables, at: datetime, recipe: Recipe) -> Self:
        """Read the tables as of ``at``."""
        past = Past.of(tables)
        histories = past.up_to(ask(past.account_ids, at))
        everybody = _know(past, histories, histories.rings)
        facts = everybody.facts.with_row_index("row")
        drawn = draw_reference(facts, is_silent(everybody.signals), recipe).sort("row")
        trusted = replace(everybody, facts=drawn.drop("row"), signals=everybody.signals[drawn["row"]])
        return cls(past, at, histories.rings, everybody, trusted)

    @property
    def accounts(self) -> int:
        """How many accounts there are."""
        return self.everybody.facts.height

    @property
    def fingerprint(self) -> str:
        """A name for the data."""
        return fingerprint(self.past.tables)

    @property
    def labels(self) -> pl.DataFrame:
        """The contract's labels."""
        return self.past.tables.labels

    def stand(self, asked: pl.DataFrame) -> Known:
        """The accounts asked about (``account_id, at``), a row each in the order asked."""
        return _know(self.past, self.past.up_to(asked), self.rings)

    def place(self, guests: Tables, asked: pl.DataFrame) -> pl.DataFrame:
        """Signals of accounts of ``guests`` (``account_id, at``), who stand among the user's own as if they were."""
        return round_signals(extract(Past.of(put_together(self.past.tables, guests)).up_to(asked)))

    def find_examples(self, labels: pl.DataFrame) -> pl.DataFrame:
        """What ``find_examples`` says of labels."""
        return find_examples(labels, self.past)


def _know(past: Past, histories: Histories, rings: pl.DataFrame) -> Known:
    signals, near = extract(histories), find_nearest(histories.kin)
    return Known.of(describe_accounts(past, histories.asked, rings), signals, near, extract_others(past, signals, near))
