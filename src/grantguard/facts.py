"""What is known of accounts besides their signals, and who is trusted by it: no forest is needed to say so."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.contract import TIME
from grantguard.histories import Past, run
from grantguard.signals import NAMES

DAY = 86_400_000_000
"""Microseconds."""

STEADY = pl.duration(days=30)
"""How long somebody has paid, more than once, whose chargeback is a customer's: a card ran out, or a quarrel."""


def describe_accounts(past: Past, asked: pl.DataFrame, rings: pl.DataFrame) -> pl.DataFrame:
    """What is known of each account asked about besides its signals, a row each in the order asked.

    Columns ``account_id, at, ring_id, age_days`` (since the first grant), ``opened_days, has_paid, taken_back``
    (a refund or chargeback), ``chargebacks`` (but those of a steady payer), ``payments``, ``verdict`` (the newest label
    by then) and ``accusers`` (how many persons have said abuse since anybody said otherwise).
    """
    born = past.marks.lazy().select("account_id", "created_at")
    known = asked.lazy().join(born, on="account_id", how="left", maintain_order="left")
    labels = spread_verdicts(past.tables.labels, rings)
    for table, tell in ((past.tables.billing, _bills), (past.tables.grants, _first_grants), (labels, _verdicts)):
        if table.is_empty():
            known = known.with_columns(_nothing(tell))
        else:
            known = known.join(tell(table, asked), on="subject", how="left", maintain_order="left")
    if rings.is_empty():
        known = known.with_columns(ring_id=pl.lit(None, pl.String))
    else:
        known = known.join(rings.lazy(), on="account_id", how="left", maintain_order="left")
    return run(known.select(_described()))


@cache
def _described() -> tuple[pl.Expr, ...]:
    payments, chargebacks, returns = (pl.col(name).fill_null(0) for name in ("payments", "chargebacks", "returns"))
    told = {
        "age_days": (pl.col("at") - pl.col("granted_at")).dt.total_microseconds() / DAY,
        "opened_days": (pl.col("at") - pl.col("created_at")).dt.total_microseconds() / DAY,
        "accusers": pl.col("accusers").fill_null(0),
        "payments": payments,
        "chargebacks": chargebacks,
        "has_paid": payments > 0,
        "taken_back": returns > 0,
    }
    known = pl.col("account_id", "at", "ring_id", "verdict", "labelled_at")
    return known, *(value.alias(name) for name, value in told.items())


def _bills(billing: pl.DataFrame, asked: pl.DataFrame) -> pl.LazyFrame:
    return _up_to(billing, asked, "occurred_at").group_by("subject").agg(_counted())


@cache
def _counted() -> tuple[pl.Expr, ...]:
    kind, when = pl.col("kind"), pl.col("occurred_at")
    paid = when.filter(kind == "payment")
    is_steady = (paid.len() >= 2) & (when > paid.bottom_k(2).max()) & (when >= paid.min() + STEADY)
    counted = {
        "payments": kind == "payment",
        "chargebacks": (kind == "chargeback") & ~is_steady.fill_null(value=False),
        "returns": kind.is_in(["chargeback", "refund"]),
    }
    return tuple(value.sum().cast(pl.Int64).alias(name) for name, value in counted.items())


def _first_grants(grants: pl.DataFrame, asked: pl.DataFrame) -> pl.LazyFrame:
    return _up_to(grants, asked, "granted_at").group_by("subject").agg(pl.col("granted_at").min())


def _verdicts(labels: pl.DataFrame, asked: pl.DataFrame) -> pl.LazyFrame:
    known = _up_to(labels, asked, "labelled_at").sort("labelled_at", maintain_order=True)
    return known.group_by("subject", maintain_order=True).agg(
        verdict=pl.col("label").last(),
        labelled_at=pl.col("labelled_at").last(),
        accusers=pl.col("reviewer").filter(_unanswered()).drop_nulls().n_unique().cast(pl.Int64),
    )


TOLD: dict[Callable[[pl.DataFrame, pl.DataFrame], pl.LazyFrame], dict[str, pl.DataType]] = {
    _bills: dict.fromkeys(("payments", "chargebacks", "returns"), pl.Int64()),
    _first_grants: {"granted_at": TIME},
    _verdicts: {"verdict": pl.String(), "labelled_at": TIME, "accusers": pl.Int64()},
}
"""What is told of each table; nulls where it has no rows."""


@cache
def _nothing(tell: Callable[[pl.DataFrame, pl.DataFrame], pl.LazyFrame]) -> tuple[pl.Expr, ...]:
    return tuple(pl.lit(None, kind).alias(name) for name, kind in TOLD[tell].items())


def spread_verdicts(labels: pl.DataFrame, rings: pl.DataFrame) -> pl.DataFrame:
    """Labels by account: one that names a ring speaks for all its members."""
    if labels.is_empty():
        return labels
    of_rings = labels.filter(pl.col("account_id").is_null()).drop("account_id").join(rings, on="ring_id")
    return pl.concat([labels.filter(pl.col("account_id").is_not_null()), of_rings.select(labels.columns)])


def _up_to(table: pl.DataFrame, asked: pl.DataFrame, moment: str) -> pl.LazyFrame:
    joined = table.lazy().join(asked.lazy(), on="account_id", maintain_order="left_right")
    return joined.filter(pl.col(moment) <= pl.col("at"))


def _unanswered() -> pl.Expr:
    """Whether a label says abuse and none after it says otherwise; labels stand in the order of time."""
    is_abuse = pl.col("label") == "abuse"
    return is_abuse & ((~is_abuse).cum_sum() == (~is_abuse).sum())


def is_silent(signals: pl.DataFrame) -> NDArray[np.bool_]:
    """Accounts about which no family can speak."""
    return knows_nothing(signals.select(NAMES).to_numpy())


def knows_nothing(table: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The rows of a table of all signals in which none is a number."""
    nothing: NDArray[np.bool_] = np.logical_and.reduce(np.isnan(table), axis=1)
    return nothing


def key_of(name: str) -> int:
    """A key of an account or ring, the same on every machine."""
    return zlib.crc32(name.encode()) | zlib.adler32(name.encode()) << 31


def find_trusted(facts: pl.DataFrame, silent: NDArray[np.bool_], most_of_a_ring: int) -> pl.DataFrame:
    """The rows of ``facts`` of whom a reference may take, with ``split``, a key of the ring; payers first.

    Trusted is who has nothing taken back and no verdict but genuine; of a ring so many at most, payers first. A
    ring's accounts have to be there together.
    """
    clean = ~pl.col("taken_back") & (pl.col("verdict").is_null() | (pl.col("verdict") == "genuine"))
    trusted = facts.with_columns(silent=pl.Series(silent)).filter(clean, ~pl.col("silent")).drop("silent")
    trusted = trusted.with_columns(split=pl.coalesce("ring_id", "account_id").map_elements(key_of, pl.Int64))
    few = pl.col("ring_id").is_null() | (pl.int_range(pl.len()).over("ring_id") < most_of_a_ring)
    return trusted.sort("has_paid", "account_id", descending=[True, False]).filter(few)


def mix_rows(frame: pl.DataFrame) -> int:
    """A number that changes when any row does; those of the parts of a frame add up to the whole's, modulo 2**64."""
    return int(frame.hash_rows(seed=0).sum()) if frame.height else 0
