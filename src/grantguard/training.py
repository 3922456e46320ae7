"""How a forest comes to be: who is trusted, who values its leaves, who calibrates it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import sklearn
from numpy.typing import NDArray

from grantguard.contract import Tables
from grantguard.errors import ReferenceTooSmall
from grantguard.forest import Bundle, Calibration, RiskForest, stratum_of, sum_by_kind
from grantguard.forest.bundle import FORMAT
from grantguard.forest.calibration import STRATA
from grantguard.histories import Past, ask
from grantguard.signals import CATALOGUE, extract

Floats = NDArray[np.float64]

SIGNS = np.array([1.0 if each.suspicious == "high" else -1.0 for each in CATALOGUE])
CHANCES = np.array([2 if each.family in ("links", "lifecycle") else 1 for each in CATALOGUE])
"""Conduct has as many signals as identity and money together: these have two chances each, so that all are heard."""

NAMES = tuple(each.name for each in CATALOGUE)


@dataclass(frozen=True)
class Recipe:
    """How a forest is made."""

    seed: int = 0
    trees: int = 200
    sample: int = 512
    settled_days: float = 14.0
    """Days since its opening after which a payer counts as trusted."""
    most_of_a_ring: int = 3
    """Members of one ring that the reference takes at most: a farm cannot vouch for itself."""
    trimmed: float = 0.02
    """The share of the unpaid reference, its most suspicious by a first forest, that is left out of it."""
    least: int = 50
    """Accounts that each half of the reference needs."""


def train(tables: Tables, at: datetime, recipe: Recipe | None = None) -> tuple[Bundle, RiskForest]:
    """A bundle, and its estimator, from histories up to ``at``; no label is needed.

    Raises ``ReferenceTooSmall`` where too few accounts can be trusted.
    """
    recipe = recipe or Recipe()
    past = Past.of(tables)
    histories = past.up_to(ask(past.account_ids, at))
    signals = extract(histories)
    facts = describe_accounts(past, histories.asked, histories.rings)
    return grow(signals, facts, at, recipe, fingerprint(tables))


def describe_accounts(past: Past, asked: pl.DataFrame, rings: pl.DataFrame) -> pl.DataFrame:
    """What is known of each account asked about besides its signals, a row each in the order asked.

    Columns ``account_id, at, ring_id, age_days`` (since the first grant), ``opened_days, has_paid, taken_back``
    (a refund or chargeback), ``chargebacks, payments`` and ``verdict`` (the newest label by then).
    """
    billing = (
        _up_to(past.tables.billing, asked, "occurred_at")
        .group_by("subject")
        .agg(
            payments=(pl.col("kind") == "payment").sum().cast(pl.Int64),
            chargebacks=(pl.col("kind") == "chargeback").sum().cast(pl.Int64),
            refunds=(pl.col("kind") == "refund").sum().cast(pl.Int64),
        )
    )
    granted = _up_to(past.tables.grants, asked, "granted_at").group_by("subject").agg(pl.col("granted_at").min())
    labels = spread_verdicts(past.tables.labels, rings)
    verdicts = (
        _up_to(labels, asked, "labelled_at")
        .sort("labelled_at")
        .group_by("subject", maintain_order=True)
        .agg(verdict=pl.col("label").last(), labelled_at=pl.col("labelled_at").last())
    )
    known = asked.join(
        past.marks.select("account_id", "created_at"), on="account_id", how="left", maintain_order="left"
    )
    for part in (billing, granted, verdicts):
        known = known.join(part, on="subject", how="left", maintain_order="left")
    day = 86_400_000_000
    return known.join(rings, on="account_id", how="left", maintain_order="left").select(
        *("account_id", "at", "ring_id", "verdict", "labelled_at"),
        age_days=(pl.col("at") - pl.col("granted_at")).dt.total_microseconds() / day,
        opened_days=(pl.col("at") - pl.col("created_at")).dt.total_microseconds() / day,
        payments=pl.col("payments").fill_null(0),
        chargebacks=pl.col("chargebacks").fill_null(0),
        has_paid=pl.col("payments").fill_null(0) > 0,
        taken_back=(pl.col("chargebacks").fill_null(0) + pl.col("refunds").fill_null(0)) > 0,
    )


def spread_verdicts(labels: pl.DataFrame, rings: pl.DataFrame) -> pl.DataFrame:
    """Labels by account: one that names a ring speaks for all its members."""
    of_rings = labels.filter(pl.col("account_id").is_null()).drop("account_id").join(rings, on="ring_id")
    return pl.concat([labels.filter(pl.col("account_id").is_not_null()), of_rings.select(labels.columns)])


def _up_to(table: pl.DataFrame, asked: pl.DataFrame, moment: str) -> pl.DataFrame:
    return table.join(asked, on="account_id").filter(pl.col(moment) <= pl.col("at"))


def is_silent(signals: pl.DataFrame) -> NDArray[np.bool_]:
    """Accounts about which no family can speak."""
    return signals.select(pl.all_horizontal(pl.col(NAMES).is_null())).to_series().to_numpy()


def grow(
    signals: pl.DataFrame, facts: pl.DataFrame, at: datetime, recipe: Recipe, data: str
) -> tuple[Bundle, RiskForest]:
    """The bundle for these signals and facts (rows alike), its leaves valued twice: the second time trimmed."""
    table = signals.select(NAMES).to_numpy().astype(np.float64)
    silent = is_silent(signals)
    role = _assign_roles(facts, silent, recipe)
    first = _fit(table[~silent], table[role == "value"], recipe)
    role = np.where(_is_extreme(first.risk_score(table), facts, role, recipe), "trimmed", role)
    forest = _fit(table[~silent], table[role == "value"], recipe)
    calibration = _calibrate(forest, table[role == "calibrate"], facts.filter(pl.Series(role == "calibrate")))
    card = _write_card(facts, role, at, recipe, data)
    return Bundle(forest.compiled_, forest.scale_, calibration, card), forest


def _fit(everyone: Floats, reference: Floats, recipe: Recipe) -> RiskForest:
    forest = RiskForest(
        n_estimators=recipe.trees, max_samples=recipe.sample, signs=SIGNS, chances=CHANCES, random_state=recipe.seed
    )
    return forest.fit(everyone, reference=reference)


def _assign_roles(facts: pl.DataFrame, silent: NDArray[np.bool_], recipe: Recipe) -> NDArray[np.str_]:
    """For each account ``value``, ``calibrate`` or ``outside``: the reference, split by a hash of the ring."""
    clean = ~pl.col("taken_back") & (pl.col("verdict").is_null() | (pl.col("verdict") == "genuine"))
    trusted = facts.with_row_index("row").with_columns(silent=pl.Series(silent)).filter(clean, ~pl.col("silent"))
    trusted = trusted.with_columns(split=pl.coalesce("ring_id", "account_id").map_elements(_split, pl.Int64))
    few = pl.col("ring_id").is_null() | (pl.int_range(pl.len()).over("ring_id") < recipe.most_of_a_ring)
    kept = trusted.sort("has_paid", "account_id", descending=[True, False]).filter(few)
    role = np.full(len(facts), "outside", dtype="U9")
    for name, half in (("value", 0), ("calibrate", 1)):
        rows = kept.filter(pl.col("split") == half)["row"].to_numpy()
        if len(rows) < recipe.least:
            raise ReferenceTooSmall(
                f"{len(rows)} trusted accounts to {name} the forest, {recipe.least} needed:"
                f" add {recipe.least - len(rows)} or more accounts without refunds to the data"
            )
        role[rows] = name
    return role


def _split(name: str) -> int:
    return zlib.crc32(name.encode()) & 1


def _is_extreme(scores: Floats, facts: pl.DataFrame, role: NDArray[np.str_], recipe: Recipe) -> NDArray[np.bool_]:
    """The most suspicious of the unpaid in the reference: gamers whom nobody has seen yet."""
    unpaid: NDArray[np.bool_] = (role != "outside") & ~facts["has_paid"].to_numpy()
    if not unpaid.any():
        return unpaid
    return unpaid & np.asarray(scores > np.quantile(scores[unpaid], 1 - recipe.trimmed))


def _calibrate(forest: RiskForest, table: Floats, facts: pl.DataFrame) -> Calibration:
    contributions = forest.compiled_.contributions(forest.scale_.surprise(table))
    strata = stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())
    return Calibration.of(contributions.sum(axis=1), sum_by_kind(contributions, CATALOGUE), strata, table)


def _write_card(facts: pl.DataFrame, role: NDArray[np.str_], at: datetime, recipe: Recipe, data: str) -> dict[str, Any]:
    strata = stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())[role == "calibrate"]
    made = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    version = zlib.crc32(repr((data, at, made, NAMES, FORMAT)).encode())
    return {
        "format": FORMAT,
        "model_version": f"{at:%Y%m%d}-{version:08x}",
        "trained_at": at.isoformat(),
        "catalogue": list(NAMES),
        "data_fingerprint": data,
        "recipe": made,
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "polars": pl.__version__},
        "metrics": {
            "accounts": len(facts),
            "valued_by": int((role == "value").sum()),
            "calibrated_by": int((role == "calibrate").sum()),
            "trimmed": int((role == "trimmed").sum()),
            "paid_share": float(facts["has_paid"].to_numpy()[np.isin(role, ["value", "calibrate"])].mean()),
            "calibrated_by_stratum": {name: int((strata == i).sum()) for i, name in enumerate(STRATA)},
        },
    }


def fingerprint(tables: Tables) -> str:
    """A name for the data that changes when any row does, and not with the order of rows."""
    parts = []
    for field in fields(tables):
        frame = getattr(tables, field.name)
        mixed = int(frame.hash_rows(seed=0).sum()) if frame.height else 0
        parts.append(f"{field.name}:{frame.height}:{mixed % 2**64:016x}")
    return f"{zlib.crc32('|'.join(parts).encode()):08x}"
