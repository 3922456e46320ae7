"""Figures are counted when they are old or wanted, and kept as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from grantguard.figures import count_due
from grantguard.settlement import Desk, Judgement, judge, settle
from grantguard.store.draws import keep_draws
from grantguard.store.figures import find_figures, want_figures

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Keep = Callable[..., None]


def told(desk: Desk, name: str) -> Any:  # noqa: ANN401 - as it was kept
    with desk.database.statement() as connection:
        return find_figures(connection, name).told


def want(desk: Desk, name: str, now: datetime) -> None:
    with desk.database.connection() as connection:
        want_figures(connection, name, now)


def test_everything_is_counted_once_and_then_rests(desk: Desk) -> None:
    assert count_due(desk, NOON) == ("campaigns", "reviews", "models")
    assert count_due(desk, NOON + MINUTE) == ()


def test_what_has_grown_old_is_counted_anew(desk: Desk) -> None:
    count_due(desk, NOON)
    assert count_due(desk, NOON + 60 * MINUTE) == ("campaigns", "reviews")


def test_what_is_wanted_is_counted_once(desk: Desk) -> None:
    count_due(desk, NOON)
    want(desk, "models", NOON + MINUTE)
    assert count_due(desk, NOON + 2 * MINUTE) == ("models",)
    assert count_due(desk, NOON + 3 * MINUTE) == ()


def test_an_empty_store_has_figures_too(desk: Desk) -> None:
    count_due(desk, NOON)
    assert told(desk, "campaigns") == []
    assert told(desk, "reviews")["agreement"] == {
        "agreed": {"count": 0, "of": 0, "share": None, "low": None, "high": None},
        "kappa": None,
    }
    assert told(desk, "models")["accounts"] == 0


def test_campaigns_reviews_and_models_are_told_of_what_is_stored(desk: Desk, keep: Keep) -> None:
    keep("ada", chargebacks=1)
    keep("bob")
    settle(desk, NOON)
    with desk.database.connection() as connection:
        keep_draws(connection, {"bob": 0.5}, NOON)
    for name, verdict in (("ada", "genuine"), ("bob", "abuse")):
        judge(desk, Judgement((name,), None, verdict, None, ""), "grace", NOON + MINUTE)  # type: ignore[arg-type]
    count_due(desk, NOON + 2 * MINUTE)
    (campaign,) = told(desk, "campaigns")
    assert (campaign["campaign"], campaign["wrongly_held"], campaign["leak"] > 0) == ("welcome", 1, True)
    assert [name for name, _ in campaign["leaked"]] == ["not named"]
    reviews = told(desk, "reviews")
    assert (reviews["total"]["count"], reviews["total"]["of"]) == (0, 1)
    assert (reviews["missed"]["count"], reviews["missed"]["draws"]) == (2.0, 1)
    models = told(desk, "models")
    assert models["accounts"] == 2
    assert models["frontier"] == {"judged": {"abuse": 1, "genuine": 1}, "by_version": {}}
