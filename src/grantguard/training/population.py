"""The accounts that a forest is made of, as of one moment: on this machine, or wherever else they lie."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol, Self

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray

from grantguard.contract import Tables
from grantguard.signals import NAMES

Floats = NDArray[np.float64]

DIGITS = 12
"""Digits of a signal that a forest is made of: the last ones of a sum are the engine's own, and would decide ties."""


@dataclass(frozen=True)
class Known:
    """Accounts, each as of a moment: ``facts`` as ``describe_accounts`` has them, and ``signals``, rows alike.

    ``near`` says who stands near them by then (``histories.NEAREST``), and ``others`` has those accounts' signals by
    themselves, a row each and moment, by name and moment.
    """

    facts: pl.DataFrame
    signals: pl.DataFrame
    near: pl.DataFrame
    others: pl.DataFrame

    @classmethod
    def of(cls, facts: pl.DataFrame, signals: pl.DataFrame, near: pl.DataFrame, others: pl.DataFrame) -> Self:
        """Such accounts, with ``DIGITS`` of what was extracted."""
        named = others.sort("account_id", "at")
        return cls(facts, round_signals(signals), near.sort("account_id", "at", "other"), round_signals(named))


def round_signals(signals: pl.DataFrame) -> pl.DataFrame:
    """Signals, to ``DIGITS`` digits."""
    return signals.with_columns(cs.float().round_sig_figs(DIGITS))


def tabulate(signals: pl.DataFrame) -> Floats:
    """Signals as a forest reads them, (rows, signals)."""
    table: Floats = signals.select(NAMES).to_numpy().astype(np.float64)
    return table


class Population(Protocol):
    """What training reads of the user's accounts; each row is as of the moment that it is asked for."""

    @property
    def at(self) -> datetime:
        """The moment that the forest is made as of."""

    @property
    def accounts(self) -> int:
        """How many accounts there are."""

    @property
    def fingerprint(self) -> str:
        """A name for the data."""

    @property
    def everybody(self) -> Known:
        """The accounts that trees grow on: all, or so many drawn evenly; by name."""

    @property
    def trusted(self) -> Known:
        """The accounts that ``draw_reference`` gives, with their ``split``; by name."""

    @property
    def labels(self) -> pl.DataFrame:
        """The contract's labels."""

    def stand(self, asked: pl.DataFrame) -> Known:
        """The accounts asked about (``account_id, at``), a row each in the order asked."""

    def place(self, guests: Tables, asked: pl.DataFrame) -> pl.DataFrame:
        """Signals of accounts of ``guests`` (``account_id, at``), who stand among the user's own as if they were."""

    def find_examples(self, labels: pl.DataFrame) -> pl.DataFrame:
        """What ``find_examples`` says of labels."""


def put_together(*many: Tables) -> Tables:
    """The rows of all."""
    names = [field.name for field in fields(Tables)]
    return Tables.of(**{name: pl.concat(getattr(each, name) for each in many) for name in names})
