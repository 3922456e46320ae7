"""How many accounts there were by a moment: of one likeness, of one opening bin, of all."""

from __future__ import annotations

from functools import cache

import polars as pl

from grantguard.dated import ANYONE
from grantguard.histories.links import count_up, key_values, read_newest

SHARED = {"likeness": pl.UInt64(), "bin": pl.Int64()}
"""What the accounts of a crowd may have in common."""

CROWD = ["kind", "crowd"]
"""What names a crowd."""

COUNTED = {"of_likeness": ("likeness",), "of_bin": ("bin",), "of_all": ()}
"""The crowds that an account of some likeness stands in."""


def find_arrivals(facts: pl.LazyFrame) -> pl.LazyFrame:
    """``account_id`` and ``seen_at``: when each account first showed anything."""
    return facts.group_by("account_id").agg(pl.col("seen_at").min())


def count_crowds(likenesses: pl.DataFrame, arrivals: pl.LazyFrame) -> pl.LazyFrame:
    """``kind``, ``crowd``, ``when`` and ``n``: how many there were of every crowd, by when."""
    arrived = arrivals.select(_anyone())
    if likenesses.is_empty():
        return count_up(arrived, CROWD)
    joined = likenesses.lazy().filter(pl.col("bin").is_not_null())
    in_crowds = joined.select(_each_crowd()).explode("crowd")
    return count_up(pl.concat([in_crowds, arrived]), CROWD)


@cache
def _anyone() -> tuple[pl.Expr, ...]:
    return pl.lit(ANYONE).alias("kind"), name_crowd(), pl.col("seen_at").alias("when")


@cache
def _each_crowd() -> tuple[pl.Expr, ...]:
    crowds = pl.concat_list(name_crowd(*shared) for shared in COUNTED.values())
    return pl.col("kind"), crowds.alias("crowd"), pl.col("seen_at").alias("when")


def key_crowds(crowds: pl.DataFrame) -> pl.LazyFrame:
    """Counts that a store gave, by time, with a key for the ``likeness`` or ``bin`` that they name."""
    return key_values(crowds).select("kind", "when", "n", crowd=name_crowd(*SHARED)).sort("when")


def count_alike(crowds: pl.DataFrame, asked: pl.LazyFrame) -> pl.LazyFrame:
    """``asked`` (``kind, likeness, bin, at``) with how many stood by then in each of ``COUNTED``'s crowds of it."""
    read = pl.concat([asked.select(_in_crowd(name)) for name in COUNTED])
    found = read_newest(crowds.lazy(), read, CROWD)
    return asked.join(found.group_by("row").agg(_counts()), on="row", how="left")


@cache
def _in_crowd(name: str) -> tuple[pl.Expr, ...]:
    """Which crowd an account stands in, and what it is ``counted`` as."""
    counted = pl.lit(name, pl.Enum(list(COUNTED))).alias("counted")
    return pl.col("row", "at", "kind"), name_crowd(*COUNTED[name]), counted


@cache
def _counts() -> tuple[pl.Expr, ...]:
    return tuple(pl.col("n").filter(pl.col("counted") == name).sum().alias(name) for name in COUNTED)


def count_everybody(crowds: pl.DataFrame, asked: pl.LazyFrame) -> pl.LazyFrame:
    """``asked`` (``subject, at``) with ``population``: how many accounts had shown anything by then."""
    everybody = crowds.lazy().filter(pl.col("kind") == ANYONE).select("when", population="n")
    known = asked.sort("at").join_asof(everybody, left_on="at", right_on="when", check_sortedness=False)
    return known.drop("when").with_columns(pl.col("population").fill_null(0))


@cache
def name_crowd(*shared: str) -> pl.Expr:
    """A key for the accounts that share these."""
    named = [(pl.col(name) if name in shared else pl.lit(None)).cast(kind).alias(name) for name, kind in SHARED.items()]
    return pl.struct(named).hash(seed=0).alias("crowd")
