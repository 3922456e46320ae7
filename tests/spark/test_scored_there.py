"""What two executors say is what one machine says."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from grantguard.assessment import assess
from grantguard.cli import app
from grantguard.cli.terminal import load
from grantguard.contract import Tables
from grantguard.histories import Past
from grantguard.histories.past import find_rings_at
from grantguard.sources.files import read
from grantguard.sources.outputs import write_tables
from grantguard.worlds import simulate

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

MODEL = Path(__file__).parent.parent.parent / "models" / "default"


@dataclass(frozen=True)
class Run:
    """What the cluster wrote, and what this machine says of the same directory."""

    folder: Path
    told: str
    here: pl.DataFrame

    @property
    def there(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "scores.parquet" / "*.parquet")


def newest(tables: Tables) -> datetime:
    found = tables.usage["occurred_at"].max()
    assert isinstance(found, datetime)
    return found


def with_troubles(tables: Tables) -> Tables:
    """A verdict on a ring, three repeats, a row that breaks a rule and one that another account's grant pays.

    Forty were brought by somebody of whom no table tells.
    """
    at = newest(tables)
    ring = find_rings_at(Past.of(tables), at)["ring_id"].sort().head(1)
    when = [at - timedelta(days=3)]
    said = pl.DataFrame({"ring_id": ring, "label": ["abuse"], "labelled_at": when, "reviewer": ["ada"]})
    bad = tables.usage.head(1).with_columns(input_tokens=pl.lit(-1, pl.Int64), event_id=pl.lit("bad"))
    grant = tables.grants.filter(pl.col("account_id") != tables.usage["account_id"][0])["grant_id"][0]
    stray = tables.usage.head(1).with_columns(grant_id=pl.lit(grant), event_id=pl.lit("stray"))
    usage = pl.concat([tables.usage, tables.usage.head(3), bad, stray])
    brought = pl.when(pl.int_range(pl.len()) < 40).then(pl.format("gone {}", "account_id")).otherwise("referred_by")
    accounts = tables.accounts.with_columns(referred_by=brought)
    return replace(tables, accounts=accounts, usage=usage, labels=Tables.of(labels=said).labels)


@pytest.fixture(scope="module")
def run(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("scored")
    tables = with_troubles(simulate(300, seed=8, prevalence=0.15).tables)
    at = newest(tables) - timedelta(days=10)
    write_tables(tables, folder / "data")
    asked = f"score --data {folder}/data --model {MODEL} --at {at.isoformat()} --out {folder}/scores.parquet"
    done = CliRunner().invoke(app, [*asked.split(), "--engine", "spark", "--master", str(spark.sparkContext.master)])
    assert done.exit_code == 0, done.output
    read_here = read(folder / "data", at + timedelta(days=365)).tables
    return Run(folder, done.output, assess(read_here, load(MODEL), at).scores())


def test_scores_of_a_cluster_are_the_scores_at_once(run: Run) -> None:
    # A percentile is a rank: where values tie, the last bit of a sum decides which.
    flat = [
        frame.explode("reasons").unnest("reasons", separator=".").drop("reasons.percentile")
        for frame in (run.there, run.here)
    ]
    left, right = (frame.sort("account_id", "reasons.signal") for frame in flat)
    assert_frame_equal(left, right, rel_tol=1e-9, abs_tol=1e-9)


def test_some_stand_in_rings_and_some_are_held(run: Run) -> None:
    assert run.there["ring_id"].n_unique() > 2
    assert (run.there["decision"] == "hold").any()


def test_some_are_told_what_company_they_keep(run: Run) -> None:
    told = run.there.explode("reasons").unnest("reasons", separator=".")
    assert "company" in told["reasons.signal"].to_list()


def test_the_most_suspicious_stands_first(run: Run) -> None:
    assert run.there["account_id"].to_list() == run.here["account_id"].to_list()


def test_rejected_rows_lie_beside_the_scores_with_their_reasons(run: Run) -> None:
    lines = [line for path in (run.folder / "rejected.jsonl").glob("*.json") for line in path.read_text().splitlines()]
    assert sorted(json.loads(line)["reason"].split(":")[0] for line in lines) == ["grant_id", "input_tokens"]


def test_the_closing_line_counts_repeats_and_rejected_rows(run: Run) -> None:
    assert "3 repeated, 2 rejected" in run.told


def test_two_executors_worked_on_it_in_processes_of_their_own(spark: SparkSession, run: Run) -> None:
    assert run.there.height
    known = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size()
    assert known == 3  # the driver is one of them
