"""Laws that every signal obeys."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.contract import Tables
from grantguard.histories import Histories, Past, ask
from grantguard.signals import CATALOGUE, Signal, extract
from grantguard.vocabulary import FAMILIES
from grantguard.worlds import World, simulate

each_signal = pytest.mark.parametrize("signal", CATALOGUE, ids=lambda signal: signal.name)


def last_moment(world: World) -> datetime:
    newest = world.tables.usage["occurred_at"].max()
    assert isinstance(newest, datetime)
    return newest


def cut(tables: Tables, at: datetime) -> Tables:
    """The tables as they stood at a moment, as far as rows carry their time."""
    return replace(
        tables,
        grants=tables.grants.filter(pl.col("granted_at") <= at),
        usage=tables.usage.filter(pl.col("occurred_at") <= at),
        billing=tables.billing.filter(pl.col("occurred_at") <= at),
    )


def same(left: pl.DataFrame, right: pl.DataFrame) -> None:
    assert_frame_equal(left, right, rel_tol=1e-9, abs_tol=1e-9)


def test_there_are_at_least_forty_five_signals() -> None:
    assert len(CATALOGUE) >= 45


def test_every_family_speaks() -> None:
    assert {each.family for each in CATALOGUE} == set(FAMILIES)


def test_names_are_unique() -> None:
    assert len({each.name for each in CATALOGUE}) == len(CATALOGUE)


@each_signal
def test_it_explains_itself(signal: Signal) -> None:
    assert signal.summary.endswith(".")
    assert signal.why
    assert signal.looks_the_same.endswith(".")


@each_signal
def test_it_reads_no_country_language_name_or_hour(signal: Signal) -> None:
    read = set(signal.expression.meta.root_names())
    assert not read & {"country", "signup_country", "language", "email_domain", "account_id"}


@each_signal
def test_its_sentence_formats_for_the_smallest_the_largest_and_the_typical_value(
    signal: Signal, signals: pl.DataFrame
) -> None:
    known = signals[signal.name].drop_nulls()
    for value in (known.min(), known.median(), known.max(), 0.0, 1e9):
        if value is not None:
            assert signal.say(float(value)).strip()  # type: ignore[arg-type]


@each_signal
def test_it_is_finite_or_null(signal: Signal, signals: pl.DataFrame) -> None:
    assert signals[signal.name].drop_nulls().is_finite().all()


def test_each_is_shown_by_somebody_in_a_world_full_of_gaming() -> None:
    world = simulate(600, seed=2, prevalence=0.4, stealth=0.2)
    extracted = extract(Past.of(world.tables).up_to(ask(world.truth["account_id"], last_moment(world))))
    assert [each.name for each in CATALOGUE if extracted[each.name].null_count() == extracted.height] == []


def test_there_is_one_row_for_each_account_and_moment_asked_about(past: Past, world: World) -> None:
    at = last_moment(world)
    asked = pl.concat([ask(past.account_ids.head(5), at), ask(past.account_ids.head(5), at - timedelta(days=20))])
    extracted = extract(past.up_to(asked))
    assert extracted.select("account_id", "at").equals(asked)


def test_an_account_alone_has_the_values_that_it_has_in_a_crowd(
    past: Past, world: World, signals: pl.DataFrame
) -> None:
    some = signals["account_id"].sample(12, seed=3)
    alone = pl.concat([extract(past.up_to(ask([name], last_moment(world)))) for name in some])
    crowd = pl.DataFrame({"account_id": some}).join(signals, on="account_id", how="left", maintain_order="left")
    same(alone, crowd)


def test_two_moments_asked_at_once_are_two_moments_asked_apart(past: Past, world: World) -> None:
    late, early = last_moment(world), last_moment(world) - timedelta(days=30)
    asked = [ask(past.account_ids.head(40), at) for at in (late, early)]
    together = extract(past.up_to(pl.concat(asked)))
    same(together, pl.concat([extract(past.up_to(each)) for each in asked]))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    world = simulate(200, seed=seed, prevalence=0.1)
    shuffled = Tables(
        **{
            field.name: getattr(world.tables, field.name).sample(fraction=1, shuffle=True, seed=seed)
            for field in fields(world.tables)
        }
    )
    asked = ask(world.tables.accounts["account_id"], last_moment(world))
    same(extract(Past.of(world.tables).up_to(asked)), extract(Past.of(shuffled).up_to(asked)))


@pytest.mark.parametrize("days", [10, 45])
def test_nothing_after_the_moment_matters(world: World, past: Past, days: int) -> None:
    at = last_moment(world) - timedelta(days=days)
    known = world.tables.accounts.filter(pl.col("created_at") <= at)["account_id"]
    then = replace(cut(world.tables, at), accounts=world.tables.accounts.filter(pl.col("created_at") <= at))
    same(extract(past.up_to(ask(known, at))), extract(Past.of(then).up_to(ask(known, at))))


def test_silence_says_nothing() -> None:
    silent = Past.of(Tables.of()).up_to(ask(["nobody"], datetime(2025, 4, 1, tzinfo=UTC)))
    assert extract(silent).drop("account_id", "at").null_count().row(0) == (1,) * len(CATALOGUE)


@pytest.mark.parametrize("seed", [1, 2])
def test_account_names_do_not_matter(seed: int) -> None:
    world = simulate(200, seed=seed, prevalence=0.1)
    names = {
        name: f"renamed-{i:05d}"
        for i, name in enumerate(world.tables.accounts["account_id"].sample(fraction=1, shuffle=True, seed=9))
    }

    def renamed(frame: pl.DataFrame) -> pl.DataFrame:
        columns = [name for name in ("account_id", "referred_by") if name in frame.columns]
        return frame.with_columns(pl.col(columns).replace(names)) if columns else frame

    tables = Tables(**{field.name: renamed(getattr(world.tables, field.name)) for field in fields(world.tables)})
    asked = ask(list(names), last_moment(world))
    before = extract(Past.of(world.tables).up_to(asked)).drop("account_id")
    after = extract(Past.of(tables).up_to(renamed(asked))).drop("account_id")
    same(before, after)


def test_inputs_are_left_as_they_were(world: World) -> None:
    before = world.tables.usage.clone()
    extract(Past.of(world.tables).up_to(ask(world.tables.accounts["account_id"].head(3), last_moment(world))))
    assert_frame_equal(before, world.tables.usage)


def test_thin_support_is_null_and_not_zero(histories: Histories, signals: pl.DataFrame) -> None:
    counts = histories.usage.group_by("subject").len()
    few = histories.asked.join(counts.filter(pl.col("len") < 10), on="subject")["account_id"]
    thin = signals.filter(pl.col("account_id").is_in(few.to_list()))
    assert thin["gap_variation"].null_count() == thin.height


SIDES = {
    "T3": ("drain_time", "H6"),
    "T7": ("overlap_elsewhere", "H8"),
    "T9": ("hand_over", "person"),
    "T10": ("models_tried", "person"),
    "T11": ("grant_stacking", "person"),
    "T21": ("threshold_hugging", "H6"),
    "T22": ("milestone_washing", "person"),
    "T1": ("cycling", "H13"),
    "T20": ("compensations", "person"),
    "T24": ("refunds_when_dry", "person"),
}


@pytest.mark.parametrize(("technique", "name", "cohort"), [(t, *rest) for t, rest in SIDES.items()])
def test_gaming_stands_on_the_declared_side_of_its_look_alike(technique: str, name: str, cohort: str) -> None:
    cohorts = [cohort] if cohort.startswith("H") else []
    world = simulate(160, seed=4, prevalence=0.3, stealth=0.1, techniques=[technique], cohorts=cohorts)
    extracted = extract(Past.of(world.tables).up_to(ask(world.truth["account_id"], last_moment(world))))
    told = extracted.join(world.truth, on="account_id")
    sign = 1 if next(each for each in CATALOGUE if each.name == name).suspicious == "high" else -1
    gaming, honest = ((told.filter(pl.col("kind") == kind)[name].drop_nulls() * sign) for kind in (technique, cohort))
    assert gaming.len() > 0
    usual = honest.mean()
    assert usual is None or gaming.mean() > usual  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "word"), [(1.0, "1 seat of"), (1.4, "1 seat of"), (0.0, "0 seats of"), (2.0, "2 seats of")]
)
def test_a_sentence_counts_as_people_do(value: float, word: str) -> None:
    seats = next(each for each in CATALOGUE if each.name == "stuffed_seats")
    assert word in seats.say(value)
