"""Behaviour as a link: who began like whom, and how many did.

Accounts whose first events fall in the same cell of a fixed grid are alike, and alike within the hour or the
three days of their opening is a value like any other.
"""

from __future__ import annotations

import polars as pl

from grantguard.dated import LIKENESS
from grantguard.histories.keys import PAST_EVENTS

JOINED_WITHIN = {"hour": 3600, "days": 3 * 86_400}
"""Bins of opening times, in seconds."""


def find_likenesses(accounts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Facts of being alike (``twin_…``), and alike among those of one opening bin (``joined_…``).

    The columns of ``LIKENESS``, as texts.
    """
    prints = take_prints(events).join(accounts.select("account_id", "created_at"), on="account_id", how="left").lazy()
    opened = pl.col("created_at").dt.timestamp("us") // 1_000_000
    alike = [_alike(prints, f"twin_{grid}", f"fine_{grid}", pl.lit(None, pl.Int64)) for grid in (0, 1)]
    alike += [
        _alike(prints, f"joined_{name}_{grid}", f"coarse_{grid}", (opened + grid * width // 2) // width)
        for name, width in JOINED_WITHIN.items()
        for grid in (0, 1)
    ]
    return pl.concat(alike).collect()


def _alike(prints: pl.LazyFrame, kind: str, print_name: str, opening_bin: pl.Expr) -> pl.LazyFrame:
    facts = prints.select(
        "account_id", "seen_at", kind=pl.lit(kind), likeness=print_name, bin=opening_bin.cast(pl.Int64)
    )
    known = facts.filter(pl.col("bin").is_not_null() | pl.col("kind").str.starts_with("twin"))
    value = pl.concat_str("likeness", pl.col("bin").cast(pl.String).fill_null(""), separator="@")
    return known.with_columns(value=value).select(LIKENESS.names())


def take_prints(events: pl.DataFrame) -> pl.DataFrame:
    """How each account began: its first events, quantised on two fixed grids that are half a step apart.

    ``fine`` tells sizes, their spread, pace and category; ``coarse`` sizes and category alone. An account with
    fewer than ``PAST_EVENTS`` events has no print yet; ``seen_at`` is when it had.
    """
    sent, delivered = ((1 + pl.col(name)).log(2) for name in ("input_tokens", "output_tokens"))
    begun = (
        events.lazy()
        .filter(pl.col("position") <= PAST_EVENTS)
        .group_by("account_id")
        .agg(
            seen_at=pl.col("occurred_at").max(),
            size=pl.len(),
            sent=sent.mean(),
            sent_spread=sent.std(),
            delivered=delivered.mean(),
            delivered_spread=delivered.std(),
            pace=(1 + pl.col("gap").median()).log(2),
            category=pl.col("category").mode().sort().first(),
        )
        .filter(pl.col("size") == PAST_EVENTS)
        .collect()
    )
    cells = [
        column
        for grid in (0, 1)
        for column in (
            _cell(f"fine_{grid}", grid / 2, sent=0.3, delivered=0.3, sent_spread=0.4, delivered_spread=0.4, pace=1.0),
            _cell(f"coarse_{grid}", grid / 2, sent=0.6, delivered=0.6),
        )
    ]
    return begun.select("account_id", "seen_at", *cells)


def _cell(name: str, shift: float, **widths: float) -> pl.Expr:
    steps = [(pl.col(column) / width + shift).floor().cast(pl.Int32) for column, width in widths.items()]
    return pl.concat_str([*steps, pl.col("category")], separator="|").alias(name)
