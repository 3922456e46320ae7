"""Born experienced: simulated techniques and look-alikes teach a forest before any reviewer does.

Simulated accounts are placed among the user's own at the level of events and extracted together with them, so that
what is common here is common for them too. What one author simulates is not what another does: the schooling is a
prior, never more, its strength chosen by leaving whole techniques out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.facts import is_silent, key_of
from grantguard.forest import (
    FOLDS,
    VERDICT,
    Bundle,
    Calibration,
    CompiledForest,
    Lessons,
    Scale,
    balance,
    choose_pull,
    scale_weight,
    teach,
)
from grantguard.histories import ask
from grantguard.training.population import Population, put_together, tabulate
from grantguard.training.recipe import Recipe
from grantguard.training.reference import Reference, recalibrate
from grantguard.worlds import simulate

Floats = NDArray[np.float64]

STEALTHS = (0.5, 0.3, 0.7)
"""How well the gaming of each simulated world hides, in turn."""

GAMING = 0.4
"""The share of a simulated world's accounts that games: lessons, not a population."""

DAYS = 90
"""Days that a simulated world lasts; its last is the user's."""

WEIGHT = 200.0
"""What the schooling weighs in all, in verdicts, before there is any."""

FADES = 50.0
"""Verdicts at which it weighs half of that."""

SCHOOLED_PULL = 0.1
"""The pull of the schooling where techniques left out say no better: on populations of several hands the best."""


@dataclass(frozen=True)
class School:
    """Simulated worlds to learn from: how many, of how many accounts, and how many plain accounts beside them."""

    worlds: int
    accounts: int
    plain: int
    seed: int

    @classmethod
    def of(cls, recipe: Recipe) -> School:
        """The school of a recipe."""
        return cls(recipe.schools, recipe.pupils, recipe.plain, recipe.seed)


@dataclass(frozen=True)
class Pupils:
    """Simulated accounts as they stand among the user's.

    ``table`` (rows, signals); ``abuse`` (rows,); ``group``: the technique's key, so that whole techniques can be
    left out, or the account's own.
    """

    table: Floats
    abuse: NDArray[np.bool_]
    group: NDArray[np.int64]


def attend(population: Population, school: School) -> Pupils:
    """Simulate the school's worlds and see their accounts among the user's."""
    worlds = [
        simulate(
            school.accounts,
            seed=1_000 * (school.seed + 1) + number,
            prevalence=GAMING,
            stealth=STEALTHS[number % len(STEALTHS)],
            start=population.at - timedelta(days=DAYS),
            days=DAYS,
        )
        for number in range(school.worlds)
    ]
    truth = pl.concat([world.truth for world in worlds])
    guests = put_together(*(world.tables for world in worlds))
    signals = population.place(guests, ask(truth["account_id"], population.at))
    heard = ~is_silent(signals)
    table = tabulate(signals)[heard]
    told = truth.filter(pl.Series(heard))
    return Pupils(table, (told["role"] == "abuse").to_numpy(), _group(told))


def write_lessons(pupils: Pupils, school: School, scale: Scale, reference: Reference) -> Lessons:
    """What the pupils teach, and rows of the reference, drawn by the seed, as genuine: what is usual is no sign."""
    rng = np.random.default_rng(school.seed)
    plain = rng.permutation(len(reference.table))[: school.plain]
    table = np.concatenate([pupils.table, reference.table[plain]])
    return Lessons(
        surprise=scale.surprise(table).astype(np.float32),
        abuse=np.append(pupils.abuse, np.zeros(len(plain), dtype=np.bool_)),
        weight=np.ones(len(table)),
        group=np.append(pupils.group, reference.account[plain]),
        account=np.zeros(len(table), dtype=np.int64),
    )


def _group(truth: pl.DataFrame) -> NDArray[np.int64]:
    """The technique's key for who games; each of the others is a group of its own."""
    named = truth.select(pl.when(pl.col("role") == "abuse").then("kind").otherwise("account_id")).to_series()
    keys: NDArray[np.int64] = named.map_elements(key_of, pl.Int64).to_numpy()
    return keys


def teach_bundle(bundle: Bundle, school: Lessons, verdicts: Lessons | None = None) -> Bundle:
    """The bundle taught by schooling and verdicts together, from the forest's own values, and calibrated anew.

    The schooling's weight falls with the number of verdicts. Each has its own pull, chosen by what is left out: the
    schooling's once, by techniques, ``SCHOOLED_PULL`` unless another does better; the verdicts' each time, by verdicts,
    the schooling's own likewise.
    """
    told = bundle.verdicts if verdicts is None else verdicts
    count = len(np.unique(told.group))
    prior = balance(school, WEIGHT / (1 + count / FADES))
    said = balance(told, VERDICT * count)
    pull = bundle.card.get("pull") or choose_pull(bundle.forest, prior, usual=SCHOOLED_PULL) or SCHOOLED_PULL
    strength = choose_pull(bundle.forest, said, beside=prior, usual=pull) or pull
    taught = partial(_teach_some, bundle.forest, scale_weight(prior, strength / pull), said, strength)
    forest = taught(np.ones(len(said), dtype=np.bool_))
    calibration = _calibrate(bundle.calibration.without(told.account[told.abuse]), forest, told, taught)
    card = bundle.card | {"pull": pull, "verdict_pull": strength if count else None}
    return replace(bundle, forest=forest, calibration=calibration, school=school, verdicts=told, card=card)


def _teach_some(
    forest: CompiledForest, prior: Lessons, said: Lessons, pull: float, some: NDArray[np.bool_]
) -> CompiledForest:
    """The forest taught by what came before any verdict, and by some of the verdicts."""
    return teach(forest, Lessons.joined([prior, said.where(some)]), pull)


def _calibrate(
    calibration: Calibration,
    forest: CompiledForest,
    told: Lessons,
    taught: Callable[[NDArray[np.bool_]], CompiledForest],
) -> Calibration:
    """The calibration as the forest sees it; whom a verdict calls genuine, as one sees them that did not hear it.

    They were reviewed because they stand out: without them the rest would look more usual than genuine people are, and
    seen by a forest that was told of them, so would they (cross-conformal prediction; Vovk, "Cross-conformal
    predictors", 2015).
    """
    calibration, part = recalibrate(forest, calibration), told.group % FOLDS
    for number in np.unique(part[np.isin(told.account, calibration.account)]):
        unheard = part == number
        calibration = calibration.seen_by(recalibrate(taught(~unheard), calibration), told.account[unheard])
    return calibration


def without_technique(bundle: Bundle, kind: str) -> CompiledForest:
    """The bundle's forest, taught by its schooling but for one technique; verdicts are left out."""
    kept = ~(bundle.school.abuse & (bundle.school.group == key_of(kind)))
    return teach(bundle.forest, balance(bundle.school.where(kept), WEIGHT), bundle.card["pull"])
