"""Assessment: scores in the contract's shape, and decisions that add up."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.assessment import (
    RATED,
    Assessment,
    Beyond,
    Findings,
    assess,
    assess_findings,
    assess_past,
    rate_others,
)
from grantguard.contract import Tables
from grantguard.errors import AccountUnknown
from grantguard.forest import Bundle
from grantguard.histories import REACH, REACH_OF_RINGS, Own, Past, ask
from grantguard.store.around import read_around, read_nearby
from grantguard.store.database import Database
from grantguard.store.links import write_dated, write_thresholds
from grantguard.training import Recipe, train
from grantguard.worlds import World, simulate

COLUMNS = [
    "account_id", "model_version", "at", "status", "risk", "p_value", "ring_id",
    "decision", "reasons", "promo_credits_spent", "promo_credits_left",
]  # fmt: skip


def last_moment(world: World) -> datetime:
    newest = world.tables.usage["occurred_at"].max()
    assert isinstance(newest, datetime)
    return newest


@pytest.fixture(scope="module")
def assessed(world: World, bundle: Bundle) -> Assessment:
    return assess(world.tables, bundle, last_moment(world))


def test_scores_have_the_contracts_columns(assessed: Assessment) -> None:
    assert assessed.scores().columns == COLUMNS


def test_every_account_has_one_row(assessed: Assessment, world: World) -> None:
    assert sorted(assessed.scores()["account_id"]) == sorted(world.truth["account_id"])


def test_the_most_suspicious_come_first_and_the_unscored_last(assessed: Assessment) -> None:
    risk = assessed.scores()["risk"]
    known = risk.drop_nulls()
    assert known.is_sorted(descending=True)
    assert risk.head(known.len()).null_count() == 0


def test_reasons_are_at_most_five_strongest_first(assessed: Assessment) -> None:
    for reasons in assessed.reasons:
        shares = [reason.contribution for reason in reasons]
        assert len(shares) <= 5
        assert shares == sorted(shares, reverse=True)


def test_a_reason_is_about_a_known_value_that_raised_the_risk(assessed: Assessment) -> None:
    told = [reason for reasons in assessed.reasons for reason in reasons]
    assert told
    assert all(reason.contribution > 0 and reason.value == reason.value for reason in told)


def test_one_account_alone_has_the_decision_that_it_has_among_all(
    assessed: Assessment, world: World, bundle: Bundle
) -> None:
    for row in (0, 7, 99):
        name = assessed.decided["account_id"][row]
        alone = assess(world.tables, bundle, last_moment(world), accounts=[name]).decision()
        among = assessed.decision(row)
        # Trees are added up in another order for one row than for many: the last digit may differ.
        assert (alone.action, alone.p_value) == (among.action, among.p_value)
        assert alone.risk == pytest.approx(among.risk, rel=1e-12)


def test_company_adds_to_a_score_and_takes_nothing_away(past: Past, world: World, bundle: Bundle) -> None:
    histories = past.up_to(ask(past.account_ids, last_moment(world)))
    findings = Findings.of(past, histories, histories.rings)
    alone, among = (
        assess_findings(findings, others, bundle).decided["score"]
        for others in (RATED.to_frame(), rate_others(past, findings, bundle))
    )
    assert (among >= alone).all()
    assert (among > alone).any()


def test_reasons_of_company_are_told_of_those_who_stand_near_somebody(assessed: Assessment) -> None:
    near = set(assessed.near["account_id"])
    named = zip(assessed.decided["account_id"], assessed.reasons, strict=True)
    told = {name for name, reasons in named if any(each.signal == "company" for each in reasons)}
    assert told
    assert told <= near


def test_nobody_is_revoked_without_a_verdict(assessed: Assessment) -> None:
    assert "revoke" not in assessed.scores()["decision"].to_list()


def test_a_verdict_of_abuse_revokes(world: World, bundle: Bundle) -> None:
    name, at = world.truth["account_id"][0], last_moment(world)
    label = pl.DataFrame({"account_id": [name], "label": ["abuse"], "labelled_at": [at]})
    frames = {field: getattr(world.tables, field) for field in ("accounts", "grants", "usage", "billing")}
    decision = assess(Tables.of(**frames, labels=label), bundle, at, accounts=[name]).decision()
    assert decision.action == "revoke"


def test_it_recommends_only(assessed: Assessment) -> None:
    assert not assessed.decision(0).enforced


def test_a_decision_covers_open_grants_alone(assessed: Assessment) -> None:
    for row in range(50):
        decision = assessed.decision(row)
        assert bool(decision.grants) == (decision.promo_credits_left > 0)


def test_the_same_question_has_the_same_decision_id(assessed: Assessment) -> None:
    assert assessed.decision(3).decision_id == assessed.decision(3).decision_id
    assert assessed.decision(3).decision_id != assessed.decision(4).decision_id


def test_an_unknown_account_is_named(world: World, bundle: Bundle) -> None:
    with pytest.raises(AccountUnknown, match="nobody"):
        assess(world.tables, bundle, last_moment(world), accounts=["nobody"])


def test_an_account_about_which_no_family_can_speak_is_not_scored(world: World, bundle: Bundle) -> None:
    created = pl.DataFrame({"account_id": ["quiet"], "created_at": [last_moment(world)], "plan": ["free"]})
    decision = assess(Tables.of(accounts=created), bundle, last_moment(world)).decision()
    assert (decision.status, decision.risk, decision.p_value, decision.action) == (
        "too_little_history", None, None, "allow",
    )  # fmt: skip


def test_no_tables_at_all_give_no_rows(world: World, bundle: Bundle) -> None:
    assert assess(Tables.of(), bundle, last_moment(world)).scores().is_empty()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_and_data_give_the_same_bundle(world: World, seed: int) -> None:
    recipe = Recipe(seed=seed, trees=20, sample=128)
    one, other = (train(world.tables, last_moment(world), recipe)[0] for _ in range(2))
    assert one.card == other.card
    assert (one.forest.value == other.forest.value).all()


def test_gaming_ranks_above_the_genuine(world: World, assessed: Assessment) -> None:
    told = assessed.decided.join(world.truth, on="account_id")
    gaming, honest = (told.filter(pl.col("role") == role)["risk"].median() for role in ("abuse", "genuine"))
    assert gaming > honest  # type: ignore[operator]


def test_a_trained_forest_says_when_it_has_too_few_to_trust() -> None:
    small = simulate(100, seed=1)
    newest = small.tables.usage["occurred_at"].max()
    with pytest.raises(Exception, match="trusted accounts"):
        train(small.tables, newest, Recipe(least=80))  # type: ignore[arg-type]


def rows_of(tables: Tables, names: pl.Series) -> Tables:
    """The rows of some accounts, and all campaigns."""
    theirs = pl.col("account_id").is_in(names.implode())
    rows = {table: frame.filter(theirs) for table, frame in vars(tables).items() if table != "campaigns"}
    return Tables.of(**rows, campaigns=tables.campaigns)


def test_an_account_read_from_a_store_is_assessed_as_among_everybody(
    assessed: Assessment, past: Past, world: World, bundle: Bundle, database: Database
) -> None:
    at = last_moment(world)
    with database.connection() as connection:
        write_dated(connection, Own.of(world.tables).date())
        write_thresholds(connection, past.thresholds)
    ringed = assessed.scores().filter(pl.col("ring_id").is_not_null())["account_id"].head(2).to_list()
    for name in (*ringed, *assessed.scores()["account_id"].tail(1)):
        own = Own.of(rows_of(world.tables, pl.Series([name])))
        narrow = Past.assembled(own, read_around(database, [name], at, REACH))
        told = assess_past(
            narrow,
            ask([name], at),
            bundle,
            beyond=Beyond(
                look=lambda asked: read_nearby(database, asked["account_id"].to_list(), at, REACH_OF_RINGS),
                read=lambda names, thresholds: Past.apart(Own.of(rows_of(world.tables, names)), thresholds),
            ),
        )
        expected = assessed.scores().filter(pl.col("account_id") == name)
        assert_frame_equal(told.scores(), expected, rel_tol=1e-9, abs_tol=1e-9)
