"""Who is trusted, and what trusted accounts looked like at every age."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.errors import ReferenceTooSmall
from grantguard.forest import Calibration, CompiledForest, Scale, sum_by_kind
from grantguard.forest.calibration import LANDMARKS, stratum_of
from grantguard.histories import Past
from grantguard.signals import CATALOGUE, extract
from grantguard.training.facts import describe_accounts, is_silent
from grantguard.training.recipe import NAMES, Recipe

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """Rows of trusted accounts: ``table`` (rows, signals), ``account`` (a key of each), ``strata`` (rows,)."""

    table: Floats
    account: NDArray[np.int64]
    strata: NDArray[np.int64]


def key_of(name: str) -> int:
    """A key of an account or ring, the same on every machine."""
    return zlib.crc32(name.encode()) | zlib.adler32(name.encode()) << 31


def assign_roles(facts: pl.DataFrame, silent: NDArray[np.bool_], recipe: Recipe) -> NDArray[np.str_]:
    """For each account ``value``, ``calibrate`` or ``outside``: the reference, split by a hash of the ring.

    Trusted is who has nothing taken back and no verdict but genuine; of a ring a few at most, payers first.
    Raises ``ReferenceTooSmall``.
    """
    clean = ~pl.col("taken_back") & (pl.col("verdict").is_null() | (pl.col("verdict") == "genuine"))
    trusted = facts.with_row_index("row").with_columns(silent=pl.Series(silent)).filter(clean, ~pl.col("silent"))
    trusted = trusted.with_columns(split=pl.coalesce("ring_id", "account_id").map_elements(key_of, pl.Int64))
    few = pl.col("ring_id").is_null() | (pl.int_range(pl.len()).over("ring_id") < recipe.most_of_a_ring)
    kept = trusted.sort("has_paid", "account_id", descending=[True, False]).filter(few)
    kept = kept.sort(pl.col("split") % 1_000_003, "account_id").head(recipe.most_accounts)
    role = np.full(len(facts), "outside", dtype="U9")
    for name, half in (("value", 0), ("calibrate", 1)):
        rows = kept.filter(pl.col("split") % 2 == half)["row"].to_numpy()
        if len(rows) < recipe.least:
            raise ReferenceTooSmall(
                f"{len(rows)} trusted accounts to {name} the forest, {recipe.least} needed:"
                f" add {recipe.least - len(rows)} or more accounts without refunds to the data"
            )
        role[rows] = name
    return role


def trim(scores: Floats, facts: pl.DataFrame, role: NDArray[np.str_], recipe: Recipe) -> NDArray[np.str_]:
    """The roles without the most suspicious of the unpaid: gamers whom nobody has seen yet."""
    unpaid: NDArray[np.bool_] = (role != "outside") & ~facts["has_paid"].to_numpy()
    if not unpaid.any():
        return role
    extreme = unpaid & (scores > np.quantile(scores[unpaid], 1 - recipe.trimmed))
    return np.where(extreme, "trimmed", role)


def stand_now(facts: pl.DataFrame, signals: pl.DataFrame, kept: NDArray[np.bool_]) -> Reference:
    """The accounts ``kept`` as they stand now; ``facts`` and ``signals`` have a row an account, rows alike."""
    facts, signals = facts.filter(pl.Series(kept)), signals.filter(pl.Series(kept))
    keys = facts["account_id"].map_elements(key_of, pl.Int64).to_numpy()
    strata = stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())
    return Reference(signals.select(NAMES).to_numpy().astype(np.float64), keys, strata)


def stand_at_landmarks(past: Past, facts: pl.DataFrame, signals: pl.DataFrame, kept: NDArray[np.bool_]) -> Reference:
    """The accounts ``kept`` at every landmark that they have reached, and in the last stratum as they stand now."""
    trusted = facts.filter(pl.Series(kept))
    moments = [_reach(trusted, days) for days in list(LANDMARKS.values())[:-1]]
    histories = past.up_to(pl.concat(moments))
    rings = facts.filter(pl.col("ring_id").is_not_null()).select("account_id", "ring_id")
    then, said = describe_accounts(past, histories.asked, rings), extract(histories)
    now = kept & (facts["age_days"].fill_null(0.0).to_numpy() >= LAST_FROM)
    then, said = pl.concat([then, facts.filter(pl.Series(now))]), pl.concat([said, signals.filter(pl.Series(now))])
    return stand_now(then, said, ~is_silent(said))


LAST_FROM = float(np.sqrt(LANDMARKS["week"] * LANDMARKS["month"]))
"""Days from which an account stands in the last stratum, as old as it is."""


def _reach(trusted: pl.DataFrame, days: float) -> pl.DataFrame:
    """The accounts that are so many days past their first grant, as of then."""
    day = 86_400_000_000
    reached = trusted.filter(pl.col("age_days") >= days)
    since = pl.duration(microseconds=((pl.col("age_days") - days) * day).round().cast(pl.Int64))
    return reached.select("account_id", at=pl.col("at") - since)


def calibrate(forest: CompiledForest, scale: Scale, reference: Reference) -> Calibration:
    """The calibration by the rows of a reference."""
    blank = Calibration.of(reference.table, scale.surprise(reference.table), reference.strata, reference.account)
    return recalibrate(forest, blank)


def recalibrate(forest: CompiledForest, calibration: Calibration) -> Calibration:
    """The same accounts as ``forest`` now sees them."""
    return calibration.scored(forest.contributions, lambda contributions: sum_by_kind(contributions, CATALOGUE))
