"""Worlds: populations in the contract, with every look-alike and every technique."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.contract import INPUTS, TRUTH
from grantguard.worlds import COHORTS, TECHNIQUES, World, simulate

SEEDS = [1, 2, 3]
EVENTS_AT_LEAST = 3


def make(seed: int = 1, accounts: int = 250, **choices: object) -> World:
    return simulate(accounts, seed=seed, **choices)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_gives_the_same_world(seed: int) -> None:
    assert_frame_equal(make(seed).tables.usage, make(seed).tables.usage)


def test_another_seed_gives_another_world() -> None:
    assert not make(1).tables.usage.equals(make(2).tables.usage)


@pytest.mark.parametrize("seed", SEEDS)
def test_worlds_that_are_put_together_share_no_grant(seed: int) -> None:
    ids = pl.concat([make(seed + 10 * number, 900).tables.grants["grant_id"] for number in range(3)])
    assert ids.n_unique() == len(ids)


def test_tables_have_the_contracts_shapes(world: World) -> None:
    for table in INPUTS:
        assert getattr(world.tables, table.name).schema == table.schema
    assert world.truth.schema == TRUTH.schema


@pytest.mark.parametrize("prevalence", [0.0, 0.01, 0.05, 0.17])
def test_the_share_that_games_is_as_asked(prevalence: float) -> None:
    truth = make(accounts=300, prevalence=prevalence).truth
    assert (truth["role"] == "abuse").sum() == round(300 * prevalence)


@pytest.mark.parametrize("technique", TECHNIQUES, ids=lambda each: each.code)
def test_each_technique_can_be_asked_for_alone(technique: object) -> None:
    code = technique.code  # type: ignore[attr-defined]
    world = make(prevalence=0.1, techniques=[code])
    gaming = world.truth.filter(pl.col("role") == "abuse")
    assert gaming["kind"].unique().to_list() == [code]
    assert world.tables.usage.join(gaming, on="account_id").height > EVENTS_AT_LEAST


@pytest.mark.parametrize("cohort", COHORTS, ids=lambda each: each.code)
def test_each_cohort_can_be_asked_for_alone(cohort: object) -> None:
    code = cohort.code  # type: ignore[attr-defined]
    world = make(prevalence=0.0, cohorts=[code])
    of_cohort = world.truth.filter(pl.col("kind") == code)
    assert of_cohort["role"].unique().to_list() == ["genuine"]
    assert world.tables.usage.join(of_cohort, on="account_id").height > EVENTS_AT_LEAST


def test_a_large_world_has_every_technique_and_cohort() -> None:
    kinds = set(simulate(2500, seed=4, prevalence=0.2).truth["kind"])
    assert kinds >= {each.code for each in (*TECHNIQUES, *COHORTS)}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_grant_is_overspent(seed: int) -> None:
    tables = make(seed, prevalence=0.1).tables
    spent = tables.usage.filter(pl.col("status") != "refunded").group_by("grant_id").agg(pl.col("credits").sum())
    both = tables.grants.join(spent, on="grant_id", suffix="_spent")
    assert (both["credits_spent"] <= both["credits"] + 0.01).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_spent_before_it_is_given_or_after_it_lapsed(seed: int) -> None:
    tables = make(seed, prevalence=0.1).tables
    both = tables.usage.join(tables.grants, on="grant_id", suffix="_of")
    assert (both["occurred_at"] >= both["granted_at"]).all()
    assert both.filter(pl.col("occurred_at") > pl.col("expires_at")).is_empty()


@pytest.mark.parametrize("seed", SEEDS)
def test_names_tell_nothing(seed: int) -> None:
    truth = make(seed, accounts=600, prevalence=0.3).truth.sort("account_id")
    place = np.arange(truth.height) / truth.height
    gaming = (truth["role"] == "abuse").to_numpy()
    assert abs(place[gaming].mean() - place[~gaming].mean()) < 0.1


@pytest.mark.parametrize("column", ["device_hash", "session_id", "prompt_hash"])
def test_what_a_client_does_not_tell_it_tells_of_nobody(column: str) -> None:
    world = make(accounts=800, prevalence=0.3)
    told = world.tables.usage.join(world.truth, on="account_id").filter(~pl.col("client").str.starts_with("new-"))
    known = told.group_by("client").agg(pl.col(column).is_null().mean().alias("null"))
    assert known["null"].is_in([0.0, 1.0]).all()


def test_a_bursts_organisers_may_register_it() -> None:
    campaigns = simulate(1500, seed=3, cohorts=["H1"]).tables.campaigns
    registered = campaigns.filter(pl.col("expected_accounts").is_not_null())
    assert 0 < registered.height < campaigns.filter(pl.col("campaign").str.starts_with("hackathon")).height


def test_people_differ_more_from_each_other_than_from_themselves() -> None:
    world = simulate(500, seed=6, prevalence=0.0, cohorts=[])
    people = world.tables.usage.join(world.truth.filter(pl.col("kind") == "person"), on="account_id")
    short = people.filter(pl.col("category") != "extended_context")
    sizes = short.group_by("account_id").agg(
        between=pl.col("input_tokens").log1p().mean(), within=pl.col("input_tokens").log1p().std()
    )
    assert 0.8 < sizes["between"].std() < 1.6  # type: ignore[operator]
    assert 0.2 < sizes["within"].median() < 1.0  # type: ignore[operator]


def test_tenants_work_round_the_clock() -> None:
    world = simulate(800, seed=6, prevalence=0.0, cohorts=[])
    tenants = world.tables.usage.join(world.truth.filter(pl.col("kind") == "tenant"), on="account_id")
    hours = tenants.group_by("account_id").agg(pl.col("occurred_at").dt.hour().n_unique())
    assert hours["occurred_at"].quantile(0.75) == 24


def test_a_seat_is_stuffed_one_after_another() -> None:
    world = make(accounts=150, prevalence=0.1, stealth=0.0, techniques=["T23"])
    spans = (
        world.tables.usage.join(world.truth.filter(pl.col("kind") == "T23"), on="account_id")
        .group_by("ring", "account_id")
        .agg(begins=pl.col("occurred_at").min(), ends=pl.col("occurred_at").max())
        .sort("ring", "begins")
        .with_columns(before=pl.col("ends").shift(1).over("ring"))
    )
    assert spans.filter(pl.col("begins") < pl.col("before")).is_empty()


def test_arbitrage_sits_just_above_the_threshold() -> None:
    def spread(stealth: float) -> float:
        world = make(accounts=150, prevalence=0.2, stealth=stealth, techniques=["T21"])
        gaming = world.tables.usage.join(world.truth.filter(pl.col("kind") == "T21"), on="account_id")
        long = gaming.filter(pl.col("category") == "extended_context")["input_tokens"]
        return float((long / 128_000).quantile(0.9) or 0.0)

    assert spread(0.0) < 1.1 < spread(1.0)


def test_a_blatant_farm_drains_faster_than_a_hidden_one() -> None:
    def hours(stealth: float) -> float:
        world = make(accounts=200, prevalence=0.2, stealth=stealth, techniques=["T3"])
        gaming = world.tables.usage.join(world.truth.filter(pl.col("kind") == "T3"), on="account_id")
        spans = gaming.group_by("account_id").agg(span=pl.col("occurred_at").max() - pl.col("occurred_at").min())
        return float(spans["span"].dt.total_seconds().median() or 0.0) / 3600  # type: ignore[arg-type]

    assert hours(0.0) * 10 < hours(1.0)
