"""How good holds and reviewers are, with intervals that hold what they promise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from grantguard.precision import chance_of_review, find_share, total_of, weigh_agreement, weigh_holds
from grantguard.review import estimate_missed, inclusion

NOON = datetime(2025, 5, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def held(*rows: tuple[datetime, str | None]) -> pl.DataFrame:
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"held_at": pl.Datetime("us", "UTC"), "verdict": pl.String}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def said(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Account, reviewer and verdict, one a minute."""
    return pl.DataFrame(
        [(name, NOON + timedelta(minutes=i), by, what) for i, (name, by, what) in enumerate(rows)],
        schema={
            "account_id": pl.String,
            "given_at": pl.Datetime("us", "UTC"),
            "reviewer": pl.String,
            "verdict": pl.String,
        },
        orient="row",
    )


def test_a_share_comes_with_wilsons_interval() -> None:
    share = find_share(8, 10)
    assert share.share == 0.8
    assert share.low == pytest.approx(0.490, abs=1e-3)
    assert share.high == pytest.approx(0.943, abs=1e-3)


def test_of_nothing_there_is_no_share() -> None:
    assert find_share(0, 0).share is None


@pytest.mark.parametrize("truth", [0.05, 0.5, 0.9])
def test_the_interval_holds_the_truth_most_of_the_time(truth: float) -> None:
    counts = np.random.default_rng(7).binomial(40, truth, 400)
    ends = {count: find_share(int(count), 40) for count in set(counts)}
    inside = np.mean([ends[count].low <= truth <= ends[count].high for count in counts])  # type: ignore[operator]
    assert inside > 0.92


def test_a_hold_was_right_where_a_person_said_abuse_or_compromised() -> None:
    rows = [(NOON, "abuse"), (NOON, "compromised"), (NOON, "genuine"), (NOON, None)]
    week = weigh_holds(held(*rows), NOON)[-1]
    assert (week.holds, week.right.count, week.right.of) == (4, 2, 3)


def test_weeks_begin_on_mondays_and_end_with_this_one() -> None:
    weeks = weigh_holds(held((NOON - 7 * DAY, "abuse")), NOON, weeks=2)
    assert [(week.monday, week.holds) for week in weeks] == [(date(2025, 5, 5), 1), (date(2025, 5, 12), 0)]


def test_the_total_is_over_all_weeks() -> None:
    weeks = weigh_holds(held((NOON - 7 * DAY, "abuse"), (NOON, "genuine"), (NOON, "abuse")), NOON)
    assert (total_of(weeks).count, total_of(weeks).of) == (2, 3)


def test_agreement_is_of_the_first_two_persons_who_spoke() -> None:
    spoken = [("grace", "abuse"), ("grace", "genuine"), ("alan", "abuse"), ("kurt", "genuine")]
    assert weigh_agreement(said(*(("ada", *each) for each in spoken))).agreed.count == 1


def test_who_was_reviewed_by_one_does_not_count() -> None:
    assert weigh_agreement(said(("ada", "grace", "abuse"))).agreed.of == 0


def test_kappa_takes_chance_into_account() -> None:
    rows = [
        (f"a{i}", by, what)
        for i, pair in enumerate(
            [("abuse", "abuse"), ("genuine", "genuine"), ("abuse", "genuine"), ("genuine", "abuse")]
        )
        for by, what in zip(("grace", "alan"), pair, strict=True)
    ]
    told = weigh_agreement(said(*rows))
    assert told.agreed.share == 0.5
    assert told.kappa == pytest.approx(0.0)


def test_where_everybody_says_the_same_chance_cannot_be_told() -> None:
    told = weigh_agreement(said(("ada", "grace", "abuse"), ("ada", "alan", "abuse")))
    assert (told.agreed.share, told.kappa) == (1.0, None)


def test_what_the_sample_says_is_missed_is_right_on_average() -> None:
    """A week's draws, of which reviewers come to two thirds; who has a verdict is not drawn again."""
    missed, weight = np.arange(300) % 10 == 0, 0.25 + (np.arange(300) % 7) / 3
    counts = [_estimate(np.random.default_rng(seed), missed, weight) for seed in range(40)]
    assert np.mean(counts) == pytest.approx(missed.sum(), rel=0.25)


def _estimate(rng: np.random.Generator, missed: np.ndarray, weight: np.ndarray) -> float:
    rows, waiting = [], np.ones(len(missed), dtype=bool)
    for day in range(7):
        names = np.flatnonzero(waiting)
        chance = inclusion(weight[names], 15)
        drawn = rng.random(len(names)) < chance
        for name, with_ in zip(names[drawn], chance[drawn], strict=True):
            reviewed = bool(rng.random() < 2 / 3)
            waiting[name] &= not reviewed
            rows.append((str(name), date(2025, 5, 1 + day), float(with_), "genuine" if reviewed else None))
    schema = {"account_id": pl.String, "drawn_on": pl.Date, "drawn_with": pl.Float64, "verdict": pl.String}
    seen = chance_of_review(pl.DataFrame(rows, schema=schema, orient="row"))
    return estimate_missed(seen["chance"].to_numpy(), missed[seen["account_id"].cast(pl.Int64).to_numpy()]).count
