"""A number for all that an account's own rows say as of a moment: where it is the same, they say the same."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import polars.selectors as cs

from grantguard.contract import TIME, Tables
from grantguard.facts import mix_rows

OWN = ("accounts", "grants", "usage", "billing")
"""Tables whose rows are an account's own."""


def fingerprint_accounts(tables: Tables, at: datetime) -> pl.DataFrame:
    """``account_id`` and ``print``, a row an account that its own tables mention.

    It changes with any cell of its rows, with any of their times being passed by ``at`` (a grant lapses, a row that
    lay ahead has happened), and, since bursts are read from them, with the campaigns; never with the order of rows.
    """
    campaigns = mix_rows(tables.campaigns)
    rows = [_fingerprint_rows(getattr(tables, name), at, seed) for seed, name in enumerate(OWN)]
    mixed = pl.concat(rows).group_by("account_id").agg(pl.col("row").sum(), n=pl.len())
    said = pl.struct("row", "n", campaigns=pl.lit(campaigns, pl.UInt64))
    return mixed.select("account_id", said.hash(seed=0).alias("print")).sort("account_id")


def _fingerprint_rows(frame: pl.DataFrame, at: datetime, seed: int) -> pl.DataFrame:
    # As of a moment, a time says no more than that it has come or has not.
    dated = frame.with_columns((cs.datetime() <= pl.lit(at, TIME)).name.suffix(" passed"))
    return frame.select("account_id", row=dated.hash_rows(seed=seed))
