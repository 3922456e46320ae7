"""Worlds, histories and a bundle that many tests read and none changes."""

from __future__ import annotations

import polars as pl
import pytest

from grantguard.forest import Bundle, RiskForest
from grantguard.histories import Histories, Past, ask
from grantguard.signals import extract
from grantguard.training import Recipe, train
from grantguard.worlds import World, simulate


@pytest.fixture(scope="session")
def world() -> World:
    return simulate(700, seed=5, prevalence=0.05)


@pytest.fixture(scope="session")
def past(world: World) -> Past:
    return Past.of(world.tables)


@pytest.fixture(scope="session")
def histories(past: Past) -> Histories:
    return past.up_to(ask(past.account_ids, past.events["occurred_at"].max()))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def signals(histories: Histories) -> pl.DataFrame:
    return extract(histories)


@pytest.fixture(scope="session")
def trained(world: World) -> tuple[Bundle, RiskForest]:
    at = world.tables.usage["occurred_at"].max()
    return train(world.tables, at, Recipe(trees=60, sample=256))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def bundle(trained: tuple[Bundle, RiskForest]) -> Bundle:
    return trained[0]
