"""A population: who is in it, and its lives as the contract's tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl

from grantguard.contract import TRUTH, Tables
from grantguard.worlds.cohorts import COHORTS
from grantguard.worlds.ledger import Charged, charge
from grantguard.worlds.lives import Life
from grantguard.worlds.neighbours import NEIGHBOURS
from grantguard.worlds.people import make_person, make_tenant
from grantguard.worlds.stage import Stage
from grantguard.worlds.tables import lay_out
from grantguard.worlds.techniques import TECHNIQUES

COHORT_SHARE, TENANT_SHARE, NEIGHBOUR_SHARE = 0.3, 0.06, 0.1
"""Shares of the genuine accounts that look alike; of the others' households that are products, and that have one trait
of a technique."""

START = datetime(2025, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """A population in the contract, and its truth apart."""

    tables: Tables
    truth: pl.DataFrame


def simulate(
    accounts: int = 10_000,
    *,
    seed: int = 0,
    prevalence: float = 0.03,
    stealth: float = 0.5,
    techniques: Sequence[str] | None = None,
    cohorts: Sequence[str] | None = None,
    start: datetime = START,
    days: int = 90,
    progress: Callable[[float], None] | None = None,
) -> World:
    """A population of so many accounts, of which a share ``prevalence`` games.

    ``techniques`` and ``cohorts`` restrict what occurs to these codes; ``progress`` is told the share done.
    """
    stage = Stage(np.random.default_rng(seed), start.timestamp(), days, stealth)
    gaming = round(accounts * prevalence)
    lives = _gaming(stage, gaming, techniques) + _genuine(stage, accounts - gaming, cohorts)
    charged: list[Charged] = []
    for done, life in enumerate(lives):
        charged.append(charge(life, stage.closes))
        if progress is not None and done % 500 == 0:
            progress(done / len(lives))
    ids = _name(len(lives), seed)
    tables = lay_out(lives, charged, ids, stage, seed)
    truth = pl.DataFrame(
        {
            "account_id": ids,
            "role": [life.role for life in lives],
            "kind": [life.kind for life in lives],
            "ring": [None if life.ring is None else f"ring-{life.ring}" for life in lives],
        },
        schema=TRUTH.schema,
    )
    return World(tables, truth.sort("account_id"))


def _name(count: int, seed: int) -> list[str]:
    """Opaque names in an order that tells nothing."""
    numbers = np.random.default_rng([seed, 1]).choice(2**40, size=count, replace=False)
    return [f"acc_{number:010x}" for number in numbers]


def _gaming(stage: Stage, count: int, codes: Sequence[str] | None) -> list[Life]:
    """Rings until there are ``count`` accounts; every technique has its turn, in an order drawn anew each round."""
    chosen = [each for each in TECHNIQUES if codes is None or each.code in codes]
    lives: list[Life] = []
    fair = max(3, round(1.5 * count / max(len(chosen), 1)))
    while chosen and len(lives) < count:
        for number in stage.rng.permutation(len(chosen)):
            room = count - len(lives)
            if room > 0:
                lives += chosen[number].make(stage, min(room, fair))[:room]
    return lives


def _genuine(stage: Stage, count: int, codes: Sequence[str] | None) -> list[Life]:
    chosen = [each for each in COHORTS if codes is None or each.code in codes]
    alike = round(count * COHORT_SHARE)
    sizes = dict.fromkeys((each.code for each in chosen), 0)
    lives: list[Life] = []
    while chosen and len(lives) < alike:
        # The cohort with the fewest accounts is next, so that large groups do not crowd out small ones.
        least = min(chosen, key=lambda each: sizes[each.code])
        group = least.make(stage)[: alike - len(lives)]
        sizes[least.code] += max(len(group), 1)
        lives += group
    while len(lives) < count:
        lives += _draw_household(stage)
    return lives[:count]


def _draw_household(stage: Stage) -> list[Life]:
    """One of those that are no cohort: mostly a person alone."""
    if stage.chance(TENANT_SHARE):
        return make_tenant(stage)
    if stage.chance(NEIGHBOUR_SHARE):
        return NEIGHBOURS[stage.whole(0, len(NEIGHBOURS) - 1)].make(stage)
    return make_person(stage)
