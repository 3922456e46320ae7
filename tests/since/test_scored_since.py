"""Scores since an earlier run are the scores from scratch, and who has no news is not touched."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.assessment import assess
from grantguard.contract import Tables
from grantguard.forest import Bundle
from grantguard.histories import Past
from grantguard.histories.past import find_rings_at
from grantguard.since import Scored, score_since
from grantguard.worlds import simulate

OWN = {"accounts": "created_at", "grants": "granted_at", "usage": "occurred_at", "billing": "occurred_at"}


@cache
def tables_of(seed: int) -> Tables:
    """A world, in which a few accounts were brought by some that are in no table."""
    tables = simulate(240, seed=seed, prevalence=0.15).tables
    number = pl.int_range(pl.len())
    brought = pl.when(number < 40).then(pl.format("stranger-{}", number // 4)).otherwise("referred_by")
    return replace(tables, accounts=tables.accounts.with_columns(referred_by=brought))


def newest(tables: Tables) -> datetime:
    found = tables.usage["occurred_at"].max()
    assert isinstance(found, datetime)
    return found


def known_by(tables: Tables, at: datetime) -> Tables:
    """What had come in by then."""
    return replace(tables, **{name: getattr(tables, name).filter(pl.col(when) <= at) for name, when in OWN.items()})


def without(tables: Tables, account: str) -> Tables:
    return replace(tables, **{name: getattr(tables, name).filter(pl.col("account_id") != account) for name in OWN})


def same(left: pl.DataFrame, right: pl.DataFrame) -> None:
    flat = [
        frame.explode("reasons").unnest("reasons", separator=".").sort("account_id", "reasons.signal")
        for frame in (left, right)
    ]
    assert_frame_equal(*flat, rel_tol=1e-9, abs_tol=1e-9)


def going_on(before: Tables, then: datetime, tables: Tables, at: datetime, bundle: Bundle) -> Scored:
    """Scored as of ``at`` since a run on ``before`` as of ``then``; it says what a run from scratch does."""
    scored = score_since(tables, bundle, at, score_since(before, bundle, then).memory)
    same(scored.scores, assess(tables, bundle, at).scores())
    return scored


def busiest(tables: Tables) -> str:
    return str(tables.usage.group_by("account_id").len().sort("len", "account_id")["account_id"][-1])


def one_more_request(tables: Tables, account: str, **cells: pl.Expr) -> Tables:
    """The account's last request once more, a second after all others."""
    last = tables.usage.filter(pl.col("account_id") == account).sort("occurred_at").tail(1)
    later = last.with_columns(
        event_id=pl.lit("one-more"), occurred_at=pl.lit(newest(tables) + timedelta(seconds=1)), **cells
    )
    return replace(tables, usage=pl.concat([tables.usage, later.select(tables.usage.columns)]))


@pytest.mark.parametrize("seed", [2, 8, 10])
@pytest.mark.parametrize("days", [0.05, 1, 25])
def test_scores_since_an_earlier_run_are_the_scores_from_scratch(bundle: Bundle, seed: int, days: float) -> None:
    tables = tables_of(seed)
    then = newest(tables) - timedelta(days=days)
    going_on(known_by(tables, then), then, tables, newest(tables), bundle)


@pytest.mark.parametrize("seed", [3, 5])
def test_rows_that_lay_ahead_have_happened_once_their_time_has_passed(bundle: Bundle, seed: int) -> None:
    tables = tables_of(seed)
    going_on(tables, newest(tables) - timedelta(days=20), tables, newest(tables), bundle)


@pytest.mark.parametrize("days", [2, 6, 40])
def test_time_alone_is_news_to_whoever_it_changes(bundle: Bundle, days: float) -> None:
    tables = tables_of(4)
    then = newest(tables)
    assert going_on(tables, then, tables, then + timedelta(days=days), bundle).touched > 0


def test_a_run_goes_on_from_one_that_went_on_itself(bundle: Bundle) -> None:
    tables = tables_of(6)
    at = newest(tables)
    memory = None
    for days in (9, 5, 1, 0):
        then = at - timedelta(days=days)
        scored = score_since(known_by(tables, then), bundle, then, memory)
        memory = scored.memory
    same(scored.scores, assess(tables, bundle, at).scores())


def test_the_first_run_of_all_touches_everybody(bundle: Bundle) -> None:
    tables = tables_of(2)
    scored = score_since(tables, bundle, newest(tables))
    assert scored.touched == scored.scores.height


def test_where_nothing_is_new_nobody_is_touched(bundle: Bundle) -> None:
    tables = tables_of(2)
    assert going_on(tables, newest(tables), tables, newest(tables), bundle).touched == 0


def test_the_most_suspicious_stands_first_though_most_are_carried_over(bundle: Bundle) -> None:
    tables = tables_of(2)
    at = newest(tables)
    more = one_more_request(tables, busiest(tables))
    scored = score_since(more, bundle, newest(more), score_since(tables, bundle, at).memory)
    assert scored.scores["account_id"].to_list() == assess(more, bundle, newest(more)).scores()["account_id"].to_list()


def test_a_row_that_comes_late_touches_its_account_and_few_others(bundle: Bundle) -> None:
    tables = tables_of(8)
    at = newest(tables)
    account = busiest(tables)
    late = replace(tables, usage=tables.usage.filter(~_last_of(tables, account)))
    assert 0 < going_on(late, at, tables, at, bundle).touched < tables.accounts.height / 4


def _last_of(tables: Tables, account: str) -> pl.Series:
    own = tables.usage["account_id"] == account
    return own & (tables.usage["occurred_at"] == tables.usage.filter(own)["occurred_at"].max())


@pytest.mark.parametrize("seed", [2, 10])
def test_a_newcomer_on_an_old_accounts_device_and_card_is_news_to_the_old_one(bundle: Bundle, seed: int) -> None:
    tables = tables_of(seed)
    at = newest(tables)
    ring = find_rings_at(Past.of(tables), at)
    member = str(ring.sort("account_id")["account_id"][-1])
    scored = going_on(without(tables, member), at, tables, at, bundle)
    assert scored.scores.filter(pl.col("account_id") == member)["ring_id"].item() is not None


@pytest.mark.parametrize("seed", [2, 10])
def test_who_is_gone_from_the_data_is_gone_from_the_scores_and_from_rings(bundle: Bundle, seed: int) -> None:
    tables = tables_of(seed)
    at = newest(tables)
    member = str(find_rings_at(Past.of(tables), at).sort("account_id")["account_id"][0])
    scored = going_on(tables, at, without(tables, member), at, bundle)
    assert member not in scored.scores["account_id"]


def test_who_was_brought_and_is_gone_leaves_no_star_behind(bundle: Bundle) -> None:
    tables = tables_of(10)
    brought = tables.accounts.filter(pl.col("referred_by").is_not_null())["account_id"].sort()
    going_on(tables, newest(tables), without(tables, str(brought[0])), newest(tables), bundle)


def test_a_cell_that_was_mended_is_news(bundle: Bundle) -> None:
    tables = tables_of(3)
    account = busiest(tables)
    mended = pl.when(pl.col("account_id") == account).then(pl.col("output_tokens") + 7).otherwise("output_tokens")
    other = replace(tables, usage=tables.usage.with_columns(output_tokens=mended))
    assert going_on(tables, newest(tables), other, newest(tables), bundle).touched > 0


def test_a_verdict_on_a_ring_is_news_when_it_is_said_and_when_it_lapses(bundle: Bundle) -> None:
    tables = tables_of(2)
    at = newest(tables)
    ring = find_rings_at(Past.of(tables), at)["ring_id"].sort().head(1)
    said = {"ring_id": ring, "label": ["abuse"], "labelled_at": [at], "reviewer": ["ada"]}
    judged = replace(tables, labels=Tables.of(labels=pl.DataFrame(said)).labels)
    assert going_on(tables, at, judged, at, bundle).touched > 0
    going_on(judged, at + timedelta(days=60), judged, at + timedelta(days=100), bundle)


def test_a_burst_that_is_registered_afterwards_is_news_to_all_who_came(bundle: Bundle) -> None:
    tables = tables_of(5)
    at = newest(tables)
    named = tables.grants["campaign"].value_counts(sort=True)["campaign"][0]
    burst = {
        "campaign": [named],
        "kind": ["launch"],
        "expected_accounts": [500],
        "expected_from": [at - timedelta(days=200)],
        "expected_until": [at],
    }
    registered = replace(tables, campaigns=Tables.of(campaigns=pl.DataFrame(burst)).campaigns)
    going_on(tables, at, registered, at, bundle)


def test_a_threshold_that_moved_is_news_to_whoever_stays_near_it(bundle: Bundle) -> None:
    tables = tables_of(2)
    at = newest(tables)
    lowered = tables.usage.filter(pl.col("category") == "extended_context").head(400)
    shorter = lowered.with_columns(
        account_id=pl.lit("newcomer"),
        grant_id=pl.lit(None, pl.String),
        event_id=pl.col("event_id") + "~",
        input_tokens=(pl.col("input_tokens") * 0.85).cast(pl.Int64),
        occurred_at=pl.lit(at - timedelta(days=2)),
    )
    more = replace(tables, usage=pl.concat([tables.usage, shorter]))
    scored = going_on(tables, at, more, at, bundle)
    assert scored.touched > 10
