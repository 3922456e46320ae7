"""The queue: risk first, one of a ring at a time, the labelled left out, some drawn at random."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from grantguard.contract import LABELS
from grantguard.review import (
    AUDIT_SHARE,
    MOST_AUDIT_SHARE,
    QUEUE,
    build_queue,
    estimate_missed,
    find_audit_share,
    inclusion,
)

SEEDS = range(5)


def score(count: int, rings: dict[int, str] | None = None, left: float = 10.0) -> pl.DataFrame:
    """So many accounts ``a0, a1, …``, the first the most suspicious."""
    names = [f"a{i}" for i in range(count)]
    return pl.DataFrame(
        {
            "account_id": names,
            "ring_id": [(rings or {}).get(i) for i in range(count)],
            "status": ["scored"] * count,
            "risk": np.linspace(0.8, 0.01, count),
            "p_value": np.linspace(0.001, 1, count),
            "promo_credits_left": [left] * count,
        },
        schema_overrides={"ring_id": pl.String},
    )


def label(**columns: list[str]) -> pl.DataFrame:
    return pl.concat([LABELS.empty(), pl.DataFrame(columns)], how="diagonal")


def ranked(queue: pl.DataFrame) -> list[str]:
    return queue.filter(pl.col("why") == "risk")["account_id"].to_list()


def test_it_has_the_contracts_columns() -> None:
    assert build_queue(score(50), LABELS.empty(), top=20, seed=0).schema == pl.Schema(QUEUE)


def test_ranks_count_from_one() -> None:
    assert build_queue(score(50), LABELS.empty(), top=20, seed=0)["rank"].to_list() == list(range(1, 21))


def test_the_most_suspicious_comes_first() -> None:
    queue = build_queue(score(50), LABELS.empty(), top=10, seed=0, audit_share=0)
    assert ranked(queue) == [f"a{i}" for i in range(10)]


def test_of_two_like_risks_more_money_comes_first() -> None:
    scores = score(4).with_columns(risk=pl.lit(0.5), promo_credits_left=pl.Series([1.0, 50.0, 2.0, 0.0]))
    assert ranked(build_queue(scores, LABELS.empty(), top=4, seed=0, audit_share=0))[:2] == ["a1", "a2"]


def test_a_ring_is_seen_once() -> None:
    scores = score(30, dict.fromkeys(range(10), "ring:a0"))
    assert ranked(build_queue(scores, LABELS.empty(), top=5, seed=0, audit_share=0)) == [
        "a0",
        "a10",
        "a11",
        "a12",
        "a13",
    ]


def test_a_labelled_account_is_left_out() -> None:
    queue = build_queue(score(30), label(account_id=["a0"], label=["genuine"]), top=30, seed=0)
    assert "a0" not in queue["account_id"].to_list()


def test_a_verdict_on_a_ring_leaves_out_its_members() -> None:
    scores = score(30, {0: "ring:a0", 4: "ring:a0"})
    queue = build_queue(scores, label(ring_id=["ring:a0"], label=["abuse"]), top=30, seed=0)
    assert not {"a0", "a4"} & set(queue["account_id"])


def test_the_rest_of_a_ring_with_a_verdict_comes_last() -> None:
    scores = score(10, {0: "ring:a0", 1: "ring:a0"})
    assert (
        ranked(build_queue(scores, label(account_id=["a0"], label=["abuse"]), top=10, seed=0, audit_share=0))[-1]
        == "a1"
    )


def test_who_is_not_scored_is_not_queued() -> None:
    scores = score(5).with_columns(status=pl.lit("too_little_history"))
    assert build_queue(scores, LABELS.empty(), top=5, seed=0).is_empty()


def test_drawn_accounts_stand_between_the_ranked_and_say_their_probability() -> None:
    queue = build_queue(score(500), LABELS.empty(), top=50, seed=1, audit_share=0.2)
    drawn = queue.filter(pl.col("why") == "audit")
    assert drawn.height == 10
    assert drawn["drawn_with"].is_between(0, 1, closed="right").all()
    assert drawn["rank"].diff().drop_nulls().max() <= 6  # type: ignore[operator]
    assert queue.filter(pl.col("why") == "risk")["drawn_with"].null_count() == 40


def test_the_same_seed_draws_the_same() -> None:
    queues = [build_queue(score(200), LABELS.empty(), top=50, seed=3) for _ in range(2)]
    assert queues[0].equals(queues[1])


def test_probabilities_rise_with_the_weight_and_sum_to_the_draws() -> None:
    chance = inclusion(np.array([1.0, 2.0, 4.0, 100.0]), 2)
    assert chance.sum() == pytest.approx(2)
    assert (np.diff(chance) > 0).all()
    assert chance[-1] == 1.0


def test_accounts_are_drawn_as_often_as_said() -> None:
    scores, times = score(100), 400
    drawn = pl.concat(
        [build_queue(scores, LABELS.empty(), top=20, seed=seed, audit_share=1.0) for seed in range(times)]
    )
    seen = drawn.group_by("account_id").agg(pl.len() / times, pl.col("drawn_with").first())
    assert (seen["len"] - seen["drawn_with"]).abs().max() < 0.12  # type: ignore[operator]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_estimate_covers_the_truth_most_of_the_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.05, 0.4, 2000)
    missed = rng.random(2000) < 0.1
    covered = 0
    for _ in range(100):
        drawn = rng.random(2000) < chance
        told = estimate_missed(chance[drawn], missed[drawn])
        covered += told.low <= missed.sum() <= told.high
    assert covered >= 85


def test_nothing_found_does_not_mean_nothing_missed() -> None:
    told = estimate_missed(np.full(60, 0.1), np.zeros(60, dtype=bool))
    assert told.count == 0
    assert told.high == pytest.approx(30)


def test_verdicts_that_agree_with_the_forest_leave_little_to_chance() -> None:
    assert find_audit_share(np.array([3.0, 2.0, 1.0]), np.array([True, True, False])) == AUDIT_SHARE


def test_verdicts_that_contradict_the_forest_draw_nearly_all() -> None:
    assert find_audit_share(np.array([1.0, 2.0, 3.0]), np.array([True, True, False])) == MOST_AUDIT_SHARE


def test_between_the_two_the_share_grows_with_the_square_of_the_doubt() -> None:
    share = find_audit_share(np.array([4.0, 1.0, 3.0, 0.0, 2.0]), np.array([True, True, False, False, False]))
    assert share == pytest.approx(AUDIT_SHARE + (2 / 3) ** 2 * (MOST_AUDIT_SHARE - AUDIT_SHARE))
