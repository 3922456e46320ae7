"""Growing a forest: trees on everyone, leaves by a trusted reference, schooling before any reviewer."""

from __future__ import annotations

import zlib
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import sklearn
from numpy.typing import NDArray

from grantguard.contract import Tables
from grantguard.facts import is_silent
from grantguard.forest import Baseline, Bundle, Lessons, RiskForest
from grantguard.forest.bundle import FORMAT
from grantguard.forest.calibration import STRATA, stratum_of
from grantguard.signals import NAMES
from grantguard.training.doubting import UNCOUNTED, doubt
from grantguard.training.learning import asked_of, learn_from
from grantguard.training.population import Known, Population, tabulate
from grantguard.training.recipe import CHANCES, LOUDNESS, SIGNS, Recipe
from grantguard.training.reference import (
    Reference,
    calibrate,
    keys_of,
    split_reference,
    stand_at_landmarks,
    stand_now,
)
from grantguard.training.schooling import Pupils, School, attend, teach_bundle, write_lessons
from grantguard.training.whole import Whole

Floats = NDArray[np.float64]


def train(
    tables: Tables, at: datetime, recipe: Recipe | None = None, *, simulated: bool = False
) -> tuple[Bundle, RiskForest]:
    """A bundle, and its estimator, from histories up to ``at``; labels given by then teach it, none is needed.

    What was calibrated on ``simulated`` accounts says so on its card, and never enforces.
    Raises ``ReferenceTooSmall`` where too few accounts can be trusted.
    """
    recipe = recipe or Recipe()
    return grow(Whole.of(tables, at, recipe), recipe, simulated=simulated)


def grow(population: Population, recipe: Recipe, *, simulated: bool = False) -> tuple[Bundle, RiskForest]:
    """The same of a population, wherever its accounts lie. Raises ``ReferenceTooSmall``."""
    halves = split_reference(population.trusted.facts, recipe)
    aged = stand_at_landmarks(population, halves == "calibrate")
    pupils = attend(population, School.of(recipe)) if recipe.schooled else None
    first, _ = _grow_by(population, aged, halves, recipe, pupils)
    # Who was not at school names honest people among the most suspicious: fewer are left out on its word.
    trimmed = UNCOUNTED if pupils is None else recipe.trimmed
    gaming, role = doubt(first, pupils, population.trusted, halves, trimmed)
    bundle, forest = _grow_by(population, aged, role, recipe, pupils)
    said = {"reference": "simulated" if simulated else "own", "reference_gaming": gaming}
    card = _write_card(population, role, bundle.calibration.strata, recipe) | bundle.card | said
    bundle = replace(bundle, card=card)
    told = population.find_examples(population.labels.filter(pl.col("labelled_at") <= population.at))
    if told.height:
        bundle = learn_from(told, population.stand(asked_of(told)).signals, bundle)
    return bundle, forest.adopt(bundle.forest)


def _grow_by(
    population: Population, aged: Reference, role: NDArray[np.str_], recipe: Recipe, pupils: Pupils | None
) -> tuple[Bundle, RiskForest]:
    """A forest by a reference, and what the pupils teach it; its card has no more than they write there.

    ``aged`` are those who may calibrate, at every landmark.
    """
    everybody, trusted = population.everybody, population.trusted
    valuing = stand_now(trusted, role == "value")
    forest = _plant(recipe).fit(_speaking(everybody.signals), reference=valuing.table)
    calibrating = aged.of(keys_of(trusted.facts.filter(pl.Series(role == "calibrate"))))
    bundle = Bundle(
        forest=forest.compiled_,
        scale=forest.scale_,
        calibration=calibrate(forest.compiled_, forest.scale_, calibrating),
        school=Lessons.none(len(NAMES)),
        verdicts=Lessons.none(len(NAMES)),
        baseline=_remember(everybody),
        card={},
    )
    if pupils is not None:
        bundle = teach_bundle(bundle, write_lessons(pupils, School.of(recipe), forest.scale_, valuing))
    return bundle, forest


def _remember(everybody: Known) -> Baseline:
    told = everybody.facts.filter(pl.Series(~is_silent(everybody.signals)))
    strata = stratum_of(told["age_days"].to_numpy(), told["has_paid"].to_numpy())
    return Baseline.of(_speaking(everybody.signals), strata)


def _speaking(signals: pl.DataFrame) -> Floats:
    return tabulate(signals)[~is_silent(signals)]


def _plant(recipe: Recipe) -> RiskForest:
    return RiskForest(
        n_estimators=recipe.trees,
        max_samples=recipe.sample,
        signs=SIGNS,
        chances=CHANCES,
        loudness=LOUDNESS,
        random_state=recipe.seed,
    )


def _write_card(
    population: Population, role: NDArray[np.str_], strata: NDArray[np.int64], recipe: Recipe
) -> dict[str, Any]:
    at, data, made = population.at, population.fingerprint, asdict(recipe)
    has_paid = population.trusted.facts["has_paid"].to_numpy()
    version = zlib.crc32(repr((data, at.isoformat(), made, NAMES, FORMAT)).encode())
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
            "accounts": population.accounts,
            "grown_on": population.everybody.facts.height,
            "valued_by": int((role == "value").sum()),
            "calibrated_by": int((role == "calibrate").sum()),
            "trimmed": int((role == "trimmed").sum()),
            "paid_share": float(has_paid[role != "trimmed"].mean()),
            "calibrated_by_stratum": {name: int((strata == i).sum()) for i, name in enumerate(STRATA)},
        },
    }
