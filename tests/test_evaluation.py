"""Evaluation: recall at a budget, and nobody is fooled by ties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from grantguard.assessment import assess
from grantguard.authenticity import compare_figures, weigh
from grantguard.evaluation import BUDGETS, Evaluation, evaluate, leave_techniques_out, rank, threshold_at
from grantguard.forest import Bundle, Lessons
from grantguard.report import render_ranking, render_report
from grantguard.training import NAMES, Recipe, train
from grantguard.worlds import World, simulate

ABUSE = np.array([False] * 200 + [True] * 10)


def test_a_perfect_ranking_recalls_all() -> None:
    assert rank("", np.arange(210.0), ABUSE).recall == (1.0, 1.0)


def test_a_flat_ranking_recalls_nothing() -> None:
    assert rank("", np.zeros(210), ABUSE).recall == (0.0, 0.0)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("seed", range(3))
def test_no_more_than_the_budget_of_the_genuine_is_stopped(budget: float, seed: int) -> None:
    risk = np.random.default_rng(seed).normal(size=210)
    assert (risk[~ABUSE] > threshold_at(risk, ABUSE, budget)).mean() <= budget


@pytest.fixture(scope="module")
def evaluation(world: World, bundle: Bundle) -> Evaluation:
    at = world.tables.usage["occurred_at"].max()
    assessed = assess(world.tables, bundle, at)  # type: ignore[arg-type]
    return evaluate(world.tables, assessed.scores(), assessed.signals, assessed.near, world.truth, bundle)


def test_every_technique_and_cohort_has_its_line(evaluation: Evaluation, world: World) -> None:
    told = set(evaluation.techniques["kind"]) | set(evaluation.cohorts["kind"])
    assert told == set(world.truth["kind"])


def test_the_rivals_stand_beside_it(evaluation: Evaluation) -> None:
    assert [each.name.split(" (")[0] for each in evaluation.rankings] == [
        "Grantguard",
        "best single signal",
        "forest on obvious features",
    ]


def test_it_beats_the_forest_on_obvious_features(evaluation: Evaluation) -> None:
    assert evaluation.rankings[0].average_precision > 3 * evaluation.rankings[2].average_precision


def test_credits_at_stake_add_up(evaluation: Evaluation) -> None:
    assert evaluation.credits["left"].sum() == pytest.approx(evaluation.accounts["promo_credits_left"].sum())


def test_the_report_is_one_page_without_anything_from_elsewhere(evaluation: Evaluation) -> None:
    page = render_report(evaluation, scores_of(evaluation), "A title")
    assert "<script src" not in page
    assert "<link" not in page
    assert "A title" in page


def scores_of(evaluation: Evaluation) -> pl.DataFrame:
    return evaluation.accounts.with_columns(
        p_value=pl.lit(0.5), status=pl.lit("scored"), ring_id=pl.lit(None, pl.String), reasons=pl.lit([])
    )


def test_a_ranking_page_escapes_what_it_shows(evaluation: Evaluation) -> None:
    odd = scores_of(evaluation).head(1).with_columns(account_id=pl.lit("<script>alert(1)</script>"))
    assert "<script>alert(1)" not in render_ranking(odd, "t")


def test_every_technique_is_also_shown_without_its_schooling(evaluation: Evaluation) -> None:
    assert evaluation.techniques["unseen"].null_count() == 0
    assert evaluation.techniques["unseen"].is_between(0, 1).all()


def test_an_unschooled_forest_has_no_schooling_to_leave_out(world: World, bundle: Bundle) -> None:
    unschooled = replace(bundle, school=Lessons.none(len(NAMES)))
    assert leave_techniques_out(unschooled, pl.DataFrame(), pl.DataFrame(), world.truth).is_empty()


def test_the_audit_tells_how_many_are_missed_and_how_surely(evaluation: Evaluation) -> None:
    assert evaluation.missed.true == evaluation.accounts.filter(role="abuse", stopped=False)["risk"].drop_nulls().len()
    assert evaluation.missed.estimate.low <= evaluation.missed.estimate.high


def test_weighted_product_figures_are_nearer_the_truth_than_raw_ones() -> None:
    world = simulate(1500, seed=8, prevalence=0.3, stealth=0.2)
    at = world.tables.usage["occurred_at"].max()
    bundle, _ = train(simulate(1500, seed=9).tables, at, Recipe(trees=60))  # type: ignore[arg-type]
    assessed = assess(world.tables, bundle, at)  # type: ignore[arg-type]
    weights = weigh(assessed.scores(), world.tables.usage)
    figures = compare_figures(world.tables.usage, weights, world.truth).filter(figure="mix")
    raw, weighted = ((figures[name] - figures["genuine"]).abs().sum() for name in ("raw", "weighted"))
    assert weighted < raw
