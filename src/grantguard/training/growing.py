"""Growing a forest: trees on everyone, leaves by a trusted reference, schooling before any reviewer."""

from __future__ import annotations

import zlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import sklearn
from numpy.typing import NDArray

from grantguard.contract import Tables
from grantguard.forest import Baseline, Bundle, Lessons, RiskForest
from grantguard.forest.bundle import FORMAT
from grantguard.forest.calibration import STRATA, stratum_of
from grantguard.histories import Past, ask
from grantguard.signals import extract
from grantguard.training.facts import describe_accounts, fingerprint, is_silent
from grantguard.training.learning import find_examples, learn_from
from grantguard.training.recipe import CHANCES, NAMES, SIGNS, Recipe
from grantguard.training.reference import Reference, assign_roles, calibrate, stand_at_landmarks, stand_now, trim
from grantguard.training.schooling import School, attend, teach_bundle

Floats = NDArray[np.float64]


def train(
    tables: Tables, at: datetime, recipe: Recipe | None = None, *, simulated: bool = False
) -> tuple[Bundle, RiskForest]:
    """A bundle, and its estimator, from histories up to ``at``; labels given by then teach it, none is needed.

    What was calibrated on ``simulated`` accounts says so on its card, and never enforces.
    Raises ``ReferenceTooSmall`` where too few accounts can be trusted.
    """
    recipe = recipe or Recipe()
    past = Past.of(tables)
    histories = past.up_to(ask(past.account_ids, at))
    signals = extract(histories)
    facts = describe_accounts(past, histories.asked, histories.rings)
    role = _find_roles(facts, signals, recipe)
    valuing = stand_now(facts, signals, role == "value")
    forest = _plant(recipe).fit(_speaking(signals), reference=valuing.table)
    calibrating = stand_at_landmarks(past, facts, signals, role == "calibrate")
    bundle = Bundle(
        forest=forest.compiled_,
        scale=forest.scale_,
        calibration=calibrate(forest.compiled_, forest.scale_, calibrating),
        school=Lessons.none(len(NAMES)),
        verdicts=Lessons.none(len(NAMES)),
        baseline=_remember(facts, signals),
        card=_write_card(facts, role, calibrating, at, recipe, fingerprint(tables))
        | {"reference": "simulated" if simulated else "own"},
    )
    if recipe.schooled:
        bundle = teach_bundle(bundle, attend(tables, at, School.of(recipe), forest.scale_, valuing))
    told = find_examples(tables.labels.filter(pl.col("labelled_at") <= at), past)
    if told.height:
        bundle = learn_from(past, told, bundle)
    return bundle, forest.adopt(bundle.forest)


def _find_roles(facts: pl.DataFrame, signals: pl.DataFrame, recipe: Recipe) -> NDArray[np.str_]:
    """Each account's role, the reference trimmed by a first forest."""
    role = assign_roles(facts, is_silent(signals), recipe)
    first = _plant(recipe).fit(_speaking(signals), reference=stand_now(facts, signals, role == "value").table)
    return trim(first.risk_score(signals.select(NAMES).to_numpy().astype(np.float64)), facts, role, recipe)


def _remember(facts: pl.DataFrame, signals: pl.DataFrame) -> Baseline:
    heard = ~is_silent(signals)
    told = facts.filter(pl.Series(heard))
    return Baseline.of(_speaking(signals), stratum_of(told["age_days"].to_numpy(), told["has_paid"].to_numpy()))


def _speaking(signals: pl.DataFrame) -> Floats:
    table: Floats = signals.select(NAMES).to_numpy().astype(np.float64)
    return table[~is_silent(signals)]


def _plant(recipe: Recipe) -> RiskForest:
    return RiskForest(
        n_estimators=recipe.trees, max_samples=recipe.sample, signs=SIGNS, chances=CHANCES, random_state=recipe.seed
    )


def _write_card(
    facts: pl.DataFrame, role: NDArray[np.str_], calibrating: Reference, at: datetime, recipe: Recipe, data: str
) -> dict[str, Any]:
    made = asdict(recipe)
    version = zlib.crc32(repr((data, at, made, NAMES, FORMAT)).encode())
    return {
        "format": FORMAT,
        "model_version": f"{at:%Y%m%d}-{version:08x}",
        "trained_at": at.isoformat(),
        "catalogue": list(NAMES),
        "data_fingerprint": data,
        "recipe": made,
        "lineage": [],
        "verdicts": [],
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "polars": pl.__version__},
        "metrics": {
            "accounts": len(facts),
            "valued_by": int((role == "value").sum()),
            "calibrated_by": int((role == "calibrate").sum()),
            "trimmed": int((role == "trimmed").sum()),
            "paid_share": float(facts["has_paid"].to_numpy()[np.isin(role, ["value", "calibrate"])].mean()),
            "calibrated_by_stratum": {name: int((calibrating.strata == i).sum()) for i, name in enumerate(STRATA)},
        },
    }
