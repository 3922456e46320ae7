"""Behaviour as a link: who began like whom, and how many did.

Accounts whose first events fall in the same cell of a fixed grid are alike, and alike within the hour or the
three days of their opening is a value like any other.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from grantguard.dated import LIKENESS
from grantguard.histories.keys import PAST_EVENTS, run

FINE = {"sent": 0.3, "delivered": 0.3, "sent_spread": 0.4, "delivered_spread": 0.4, "pace": 1.0}
COARSE = {"sent": 0.6, "delivered": 0.6}
"""Widths of the cells of a grid, by what is quantised; the coarse one tells sizes alone."""

JOINED_WITHIN = {"hour": 3600, "days": 3 * 86_400}
"""Bins of opening times, in seconds."""


def _grids() -> pl.DataFrame:
    """A row a kind of likeness: its cells, and its bins, on one of two grids that are half a step apart."""
    twins = [{"kind": f"twin_{grid}", "shift": grid / 2, **FINE} for grid in (0, 1)]
    joined = [
        {"kind": f"joined_{name}_{grid}", "shift": grid / 2, **COARSE, "bin_width": width, "later": grid * width // 2}
        for name, width in JOINED_WITHIN.items()
        for grid in (0, 1)
    ]
    grids = pl.DataFrame([*twins, *joined], infer_schema_length=None)
    return grids.rename({column: f"{column}_width" for column in FINE})


GRIDS = _grids()


def find_likenesses(accounts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Facts of being alike (``twin_…``), and alike among those of one opening bin (``joined_…``).

    The columns of ``LIKENESS``, as texts.
    """
    born = accounts.lazy().select("account_id", "created_at")
    begun = take_prints(events).join(born, on="account_id", how="left")
    alike = begun.join(GRIDS.lazy(), how="cross").with_columns(_cells()).filter(_is_binned())
    return run(alike.with_columns(_value()).select(LIKENESS.names()))


def take_prints(events: pl.DataFrame) -> pl.LazyFrame:
    """How each account began: the sizes of its first events, their spread, their pace and their category.

    An account with fewer than ``PAST_EVENTS`` events has no print yet; ``seen_at`` is when it had.
    """
    begun = events.lazy().filter(pl.col("position") <= PAST_EVENTS).group_by("account").agg(_beginning())
    return begun.filter(pl.col("size") == PAST_EVENTS)


@cache
def _beginning() -> tuple[pl.Expr, ...]:
    sent, delivered = ((1 + pl.col(name)).log(2) for name in ("input_tokens", "output_tokens"))
    began = {
        "account_id": pl.col("account_id").first(),
        "seen_at": pl.col("occurred_at").max(),
        "size": pl.len(),
        "sent": sent.mean(),
        "sent_spread": sent.std(),
        "delivered": delivered.mean(),
        "delivered_spread": delivered.std(),
        "pace": (1 + pl.col("gap").median()).log(2),
        "category": pl.col("category").mode().sort().first(),
    }
    return tuple(value.alias(name) for name, value in began.items())


@cache
def _cells() -> tuple[pl.Expr, ...]:
    """The print on the grid, as a text, and the bin of the account's opening."""
    steps = [(pl.col(column) / pl.col(f"{column}_width") + pl.col("shift")).floor().cast(pl.Int32) for column in FINE]
    opened = pl.col("created_at").dt.timestamp("us") // 1_000_000
    return (
        # What the grid does not quantise has no width, and no part in the text.
        pl.concat_str([*steps, pl.col("category")], separator="|", ignore_nulls=True).alias("likeness"),
        ((opened + pl.col("later")) // pl.col("bin_width")).alias("bin"),
    )


@cache
def _is_binned() -> pl.Expr:
    """Whether the bin is known, or none is asked for."""
    return pl.col("bin").is_not_null() | pl.col("bin_width").is_null()


@cache
def _value() -> pl.Expr:
    place = pl.col("bin").cast(pl.String).fill_null("")
    return pl.concat_str("likeness", place, separator="@").alias("value")
