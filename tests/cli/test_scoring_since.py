"""The command that scores since an earlier run."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner, Result

from grantguard.cli import app
from grantguard.errors import GrantguardError, RunForeign, RunMissing, UsageError
from grantguard.sources.outputs import write_tables
from grantguard.worlds import simulate

MODEL = Path(__file__).parent.parent.parent / "models" / "default"


def score(folder: Path, out: str, *more: str) -> Result:
    asked = ["score", "--data", str(folder / "data"), "--model", str(MODEL), "--out", str(folder / out)]
    return CliRunner().invoke(app, [*asked, *more])


def refusal(told: Result) -> GrantguardError:
    assert isinstance(told.exception, GrantguardError)
    return told.exception


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tables(simulate(80, seed=3).tables, tmp_path / "data")
    return tmp_path


EARLY, LATE = ("--at", "2025-05-01"), ("--at", "2025-05-02")


def test_the_output_is_that_of_a_run_from_scratch_and_the_touched_are_counted(folder: Path) -> None:
    assert score(folder, "early.parquet", "--remember", *EARLY).exit_code == 0
    told = score(folder, "since.parquet", "--since", str(folder / "early.parquet"), *LATE)
    assert score(folder, "scratch.parquet", *LATE).exit_code == 0
    since, scratch = (pl.read_parquet(folder / f"{name}.parquet") for name in ("since", "scratch"))
    assert_frame_equal(since.drop("reasons"), scratch.drop("reasons"), rel_tol=1e-9, abs_tol=1e-9)
    assert f"of {scratch.height:,} accounts" in told.stderr


def test_a_run_that_went_on_can_be_gone_on_from(folder: Path) -> None:
    score(folder, "one.csv", "--remember", *EARLY)
    score(folder, "two.csv", "--since", str(folder / "one.csv"), *EARLY)
    told = score(folder, "two.csv", "--since", str(folder / "two.csv"), *EARLY)
    assert "touched 0 of" in told.stderr


def test_a_run_that_is_not_asked_to_remember_leaves_its_output_alone(folder: Path) -> None:
    score(folder, "plain.parquet", *EARLY)
    assert sorted(path.name for path in folder.iterdir()) == ["data", "plain.parquet"]


def test_a_run_that_remembered_nothing_is_no_run_to_go_on_from(folder: Path) -> None:
    score(folder, "plain.parquet", *EARLY)
    told = refusal(score(folder, "since.parquet", "--since", str(folder / "plain.parquet"), *EARLY))
    assert isinstance(told, RunMissing)


def test_a_run_that_lies_ahead_is_refused_and_nothing_is_written(folder: Path) -> None:
    score(folder, "late.parquet", "--remember", *LATE)
    told = refusal(score(folder, "since.parquet", "--since", str(folder / "late.parquet"), *EARLY))
    assert isinstance(told, RunForeign)
    assert not (folder / "since.parquet").exists()


@pytest.mark.parametrize("asked", [("--remember",), ("--since", "early.parquet")])
def test_buckets_remember_nothing(folder: Path, asked: tuple[str, ...]) -> None:
    told = refusal(score(folder, "out.parquet", "--memory", "1", *asked))
    assert isinstance(told, UsageError)
    assert str(told).startswith(asked[0])
