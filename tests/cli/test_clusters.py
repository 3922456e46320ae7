"""What is asked of a cluster in a wrong way is answered in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from grantguard.cli import app
from grantguard.cli.clusters import address_of, read_engine, require_engine, require_folder_name
from grantguard.errors import EngineMissing, UsageError


def test_this_machine_is_the_usual_engine() -> None:
    assert read_engine("local", None) is None


@pytest.mark.parametrize(
    ("engine", "master", "told"),
    [
        ("flink", None, "'flink' is none"),
        ("local", "yarn", "say --engine spark"),
        ("spark", None, "which cluster"),
        ("spark", "spark//host:7077", "no cluster's address"),
        ("spark", "http://host:7077", "no cluster's address"),
    ],
)
def test_a_cluster_needs_an_address(engine: str, master: str | None, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_engine(engine, master)


@pytest.mark.parametrize("master", ["spark://host:7077", "k8s://https://host:443", "yarn", "local", "local[*]"])
def test_addresses_that_spark_knows_are_taken(master: str) -> None:
    assert read_engine("spark", master) == master


def test_a_cluster_writes_scores_as_parquet() -> None:
    with pytest.raises(UsageError, match=r"end its name in \.parquet"):
        require_folder_name(Path("scores.csv"))


def test_training_on_this_machine_takes_what_memory_it_needs() -> None:
    done = CliRunner().invoke(app, ["train", "--data", "d", "--out", "m", "--memory", "4"])
    assert isinstance(done.exception, UsageError)
    assert "all accounts are read at once" in str(done.exception)


def test_where_there_is_no_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="install Java 17"):
        require_engine()


def test_an_address_that_a_path_has_bent_is_straight_again() -> None:
    assert address_of(Path("hdfs://names/usage")) == "hdfs://names/usage"
    assert address_of(Path("/data/usage")) == "/data/usage"
