"""Scores in buckets are the scores at once, and an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from grantguard.assessment import assess
from grantguard.buckets import Run, count_buckets, count_repeats, open_scratch, part, score_in_buckets
from grantguard.cli import app
from grantguard.contract import Tables
from grantguard.forest import Bundle
from grantguard.histories import Past
from grantguard.histories.past import find_rings_at
from grantguard.sources.outputs import write_tables
from grantguard.worlds import simulate

MODEL = Path(__file__).parent.parent.parent / "models" / "default"
BUCKETS = 4
SOON = datetime(2027, 1, 1, tzinfo=UTC)


def newest(tables: Tables) -> datetime:
    found = tables.usage["occurred_at"].max()
    assert isinstance(found, datetime)
    return found


@cache
def tables_of(seed: int) -> Tables:
    """A world, with a verdict on one of its rings, and a few accounts brought by some that are in no table."""
    tables = simulate(240, seed=seed, prevalence=0.15).tables
    number = pl.int_range(pl.len())
    brought = pl.when(number < 40).then(pl.format("stranger-{}", number // 4)).otherwise("referred_by")
    tables = replace(tables, accounts=tables.accounts.with_columns(referred_by=brought))
    at = newest(tables)
    ring = find_rings_at(Past.of(tables), at)["ring_id"].sort().head(1)
    said = {"ring_id": ring, "label": ["abuse"], "labelled_at": [at - timedelta(days=3)], "reviewer": ["ada"]}
    return replace(tables, labels=Tables.of(labels=pl.DataFrame(said)).labels)


def nothing(_what: str, _done: int, _of: int) -> None:
    """Nobody listens."""


def run_of(folder: Path, tables: Tables, bundle: Bundle, at: datetime) -> Run:
    write_tables(tables, folder / "data")
    scratch = open_scratch(folder / "parts", {"at": at.isoformat()})
    parted = part(folder / "data", scratch, BUCKETS, SOON, nothing)
    return Run(scratch, parted.intake.tables, BUCKETS, bundle, at)


def scores(run: Run, tell: Callable[[str, int, int], None] = nothing) -> pl.DataFrame:
    return score_in_buckets(run, lambda tables: tables, tell).collect()


def same(left: pl.DataFrame, right: pl.DataFrame) -> None:
    flat = [
        frame.explode("reasons").unnest("reasons", separator=".").sort("account_id", "reasons.signal")
        for frame in (left, right)
    ]
    assert_frame_equal(*flat, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize(("seed", "days"), [(2, 0), (8, 25), (10, 60)])
def test_scores_in_buckets_are_the_scores_at_once(tmp_path: Path, bundle: Bundle, seed: int, days: int) -> None:
    tables = tables_of(seed)
    at = newest(tables) - timedelta(days=days)
    same(scores(run_of(tmp_path, tables, bundle, at)), assess(tables, bundle, at).scores())


def test_the_most_suspicious_stands_first(tmp_path: Path, bundle: Bundle) -> None:
    tables = tables_of(2)
    ranked = scores(run_of(tmp_path, tables, bundle, newest(tables)))
    at_once = assess(tables, bundle, newest(tables)).scores()
    assert ranked["account_id"].to_list() == at_once["account_id"].to_list()


def test_an_interrupted_run_goes_on_and_does_no_finished_bucket_again(tmp_path: Path, bundle: Bundle) -> None:
    tables = tables_of(2)
    run = run_of(tmp_path, tables, bundle, newest(tables))

    def break_off(what: str, done: int, _of: int) -> None:
        if (what, done) == ("scoring", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scores(run, break_off)
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").rglob("*.arrow")}
    again = scores(run_of(tmp_path, tables, bundle, newest(tables)))
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    same(again, assess(tables, bundle, newest(tables)).scores())


def test_another_question_finds_an_empty_scratch(tmp_path: Path) -> None:
    open_scratch(tmp_path, {"at": "noon"}).write("kept", pl.DataFrame({"a": [1]}))
    assert open_scratch(tmp_path, {"at": "noon"}).has("kept")
    assert not open_scratch(tmp_path, {"at": "midnight"}).has("kept")


def test_repeats_and_bad_rows_are_counted_as_when_read_at_once(tmp_path: Path, bundle: Bundle) -> None:
    tables = tables_of(2)
    bad = tables.usage.head(2).with_columns(input_tokens=pl.lit(-1, pl.Int64), event_id=pl.lit("bad"))
    run = run_of(
        tmp_path, replace(tables, usage=pl.concat([tables.usage, tables.usage.head(3), bad])), bundle, newest(tables)
    )
    scores(run)
    assert (count_repeats(run), run.scratch.read("rejected").height) == (3, 2)


def test_a_tenth_of_the_memory_needs_more_buckets() -> None:
    assert count_buckets(30_000_000, 4_000_000_000) < count_buckets(30_000_000, 1_000_000_000)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_file_scored_within_a_memory_says_what_one_scored_at_once_does(tmp_path: Path, suffix: str) -> None:
    write_tables(simulate(80, seed=3).tables, tmp_path / "data")
    asked = ["score", "--data", str(tmp_path / "data"), "--model", str(MODEL)]
    for name, more in (("at-once", []), ("within", ["--memory", "1"])):
        told = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / f"{name}.{suffix}"), *more])
        assert told.exit_code == 0, told.output
    kinds: dict[str, Callable[[Path], pl.DataFrame]] = {
        "parquet": pl.read_parquet,
        "csv": pl.read_csv,
        "jsonl": pl.read_ndjson,
    }
    read = kinds[suffix]
    at_once, within = (read(tmp_path / f"{name}.{suffix}") for name in ("at-once", "within"))
    assert_frame_equal(at_once.drop("reasons"), within.drop("reasons"), rel_tol=1e-9, abs_tol=1e-9)
    assert not (tmp_path / f"within.{suffix}.parts").exists()
