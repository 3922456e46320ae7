"""Behaviour as a link: who began like whom, and how many did.

Accounts whose first events fall in the same cell of a fixed grid are alike, and alike within the hour or the
three days of their opening is a value like any other.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from grantguard.dated import LIKENESS
from grantguard.histories.keys import PAST_EVENTS, run

JOINED_WITHIN = {"hour": 3600, "days": 3 * 86_400}
"""Bins of opening times, in seconds."""


def find_likenesses(accounts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Facts of being alike (``twin_…``), and alike among those of one opening bin (``joined_…``).

    The columns of ``LIKENESS``, as texts.
    """
    opened = pl.col("created_at").dt.timestamp("us") // 1_000_000
    born = accounts.lazy().select("account_id", opened=opened)
    prints = run(take_prints(events).join(born, on="account_id", how="left"))
    if prints.is_empty():
        return pl.DataFrame(schema=LIKENESS)
    known = prints.lazy()
    alike = [_alike(known, f"twin_{grid}", f"fine_{grid}") for grid in (0, 1)]
    alike += [
        _alike(known, f"joined_{name}_{grid}", f"coarse_{grid}", (pl.col("opened") + grid * width // 2) // width)
        for name, width in JOINED_WITHIN.items()
        for grid in (0, 1)
    ]
    return run(pl.concat(alike).select(LIKENESS.names()))


def _alike(prints: pl.LazyFrame, kind: str, print_name: str, opening_bin: pl.Expr | None = None) -> pl.LazyFrame:
    known = prints if opening_bin is None else prints.filter(pl.col("opened").is_not_null())
    which = pl.lit(None) if opening_bin is None else opening_bin
    place = pl.lit("") if opening_bin is None else opening_bin.cast(pl.String)
    return known.select(
        "account_id",
        "seen_at",
        kind=pl.lit(kind),
        value=pl.concat_str(print_name, place, separator="@"),
        likeness=print_name,
        bin=which.cast(pl.Int64),
    )


def take_prints(events: pl.DataFrame) -> pl.LazyFrame:
    """How each account began: its first events, quantised on two fixed grids that are half a step apart.

    ``fine`` tells sizes, their spread, pace and category; ``coarse`` sizes and category alone. An account with
    fewer than ``PAST_EVENTS`` events has no print yet; ``seen_at`` is when it had.
    """
    sent, delivered = ((1 + pl.col(name)).log(2) for name in ("input_tokens", "output_tokens"))
    begun = (
        events.lazy()
        .filter(pl.col("position") <= PAST_EVENTS)
        .group_by("account")
        .agg(
            account_id=pl.col("account_id").first(),
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
    )
    return begun.select("account_id", "seen_at", *_cells())


@cache
def _cells() -> tuple[pl.Expr, ...]:
    return tuple(
        column
        for grid in (0, 1)
        for column in (
            _cell(f"fine_{grid}", grid / 2, sent=0.3, delivered=0.3, sent_spread=0.4, delivered_spread=0.4, pace=1.0),
            _cell(f"coarse_{grid}", grid / 2, sent=0.6, delivered=0.6),
        )
    )


def _cell(name: str, shift: float, **widths: float) -> pl.Expr:
    steps = [(pl.col(column) / width + shift).floor().cast(pl.Int32) for column, width in widths.items()]
    return pl.concat_str([*steps, pl.col("category")], separator="|").alias(name)
