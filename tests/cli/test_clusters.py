"""What is asked of a cluster in a wrong way is answered in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from grantguard.cli.clusters import address_of, read_engine, require_engine
from grantguard.errors import EngineMissing, UsageError

OUT = Path("scores.parquet")


def test_this_machine_is_the_usual_engine() -> None:
    assert read_engine("local", None, OUT) is None


@pytest.mark.parametrize(
    ("engine", "master", "out", "told"),
    [
        ("flink", None, OUT, "'flink' is none"),
        ("local", "yarn", OUT, "say --engine spark"),
        ("spark", None, OUT, "which cluster"),
        ("spark", "yarn", Path("scores.csv"), r"end its name in \.parquet"),
    ],
)
def test_a_cluster_needs_an_address_and_writes_parquet(engine: str, master: str | None, out: Path, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_engine(engine, master, out)


def test_where_there_is_no_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="install Java 17"):
        require_engine()


def test_an_address_that_a_path_has_bent_is_straight_again() -> None:
    assert address_of(Path("hdfs://names/usage")) == "hdfs://names/usage"
    assert address_of(Path("/data/usage")) == "/data/usage"
