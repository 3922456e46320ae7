"""Spark on two executors beside the local engine, in turn: the third part of ``make bench``.

``--kill`` ends one of the executors midway, and holds the scores against those of an undisturbed run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyspark
from polars.testing import assert_frame_equal
from pyspark.sql import SparkSession

from bench_scale import machine
from grantguard.assessment import assess
from grantguard.buckets import count_buckets
from grantguard.forest import Bundle, unpack
from grantguard.sources.files import read
from grantguard.sources.outputs import write_tables
from grantguard.spark import Lake, Question, date, open_cluster, score, write_scores
from grantguard.store.bundles import read_bundle
from grantguard.training import NAMES
from grantguard.worlds import simulate

ROOT = Path(__file__).parent.parent
NOW = datetime(2027, 1, 1, tzinfo=UTC)
EXECUTORS = 2
A_TASK = 2_000_000_000
"""What ``--memory`` is unless said."""

CONF = {
    "spark.executor.memory": "700m",
    "spark.scheduler.minRegisteredResourcesRatio": "1",
    "spark.sql.shuffle.partitions": "4",
}


def main() -> None:
    """Print the measurement, and keep it as JSON where ``--json`` says."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--accounts", type=int, default=1_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--kill", action="store_true")
    asked.add_argument("--json", type=Path)
    options = asked.parse_args()
    bundle = unpack(read_bundle(ROOT / "models" / "default"), NAMES)
    with tempfile.TemporaryDirectory(prefix="grantguard-") as name, cluster(Path(name)) as session:
        folder = Path(name)
        write_tables(simulate(options.accounts, seed=1).tables, folder / "data")
        measured = measure(session, folder, bundle, options.rounds)
        if options.kill:
            measured |= kill_midway(session, folder, bundle)
    if options.json:
        told = measured | machine() | {"spark_version": pyspark.__version__}
        options.json.write_text(json.dumps(told, indent=1) + "\n")


def measure(session: SparkSession, folder: Path, bundle: Bundle, rounds: int) -> dict[str, float]:
    """Median seconds of both engines, from files to file, and their ratio; a first turn of each is not counted."""
    here, there = [], []
    for turn in range(rounds + 1):
        seconds = (timed(lambda: score_here(folder, bundle)), timed(lambda: score_there(session, folder, bundle)))
        if turn:
            here.append(seconds[0])
            there.append(seconds[1])
    same(folder / "there.parquet", folder / "here.parquet")
    events = pl.scan_parquet(folder / "data" / "usage.parquet").select(pl.len()).collect().item()
    local, spark = statistics.median(here), statistics.median(there)
    tell(f"{events:,} events: local {local:.1f} s, {EXECUTORS} executors {spark:.1f} s: {spark / local:.1f} times")
    return {"events": events, "local": local, "spark": spark, "ratio": spark / local}


def score_here(folder: Path, bundle: Bundle) -> None:
    """The local engine, from files to a file."""
    intake = read(folder / "data", NOW)
    if intake.newest is None:
        raise ValueError("a world has events")
    assess(intake.tables, bundle, intake.newest).scores().write_parquet(folder / "here.parquet")


def score_there(session: SparkSession, folder: Path, bundle: Bundle, out: str = "there.parquet") -> None:
    """The same by Spark; what it kept between passes is let go of."""
    question = Question(None, lambda events: max(2 * EXECUTORS, count_buckets(events, A_TASK)))
    dated = date(Lake(session, str(folder / "data"), NOW), question)
    write_scores(score(dated, bundle), str(folder / out))
    session.catalog.clearCache()


def kill_midway(session: SparkSession, folder: Path, bundle: Bundle) -> dict[str, float]:
    """One executor is killed once a third of an undisturbed run is over; the scores are the same."""
    whole = timed(lambda: score_there(session, folder, bundle))
    killer = threading.Timer(whole / 3, lambda: os.kill(executors(session)[0], signal.SIGKILL))
    killer.start()
    disturbed = timed(lambda: score_there(session, folder, bundle, "disturbed.parquet"))
    killer.join()
    same(folder / "disturbed.parquet", folder / "here.parquet")
    tell(f"one executor killed midway: {disturbed:.1f} s instead of {whole:.1f} s, and the same scores")
    return {"undisturbed": whole, "with one executor killed": disturbed}


def executors(session: SparkSession) -> list[int]:
    """The executors' processes: children of the driver's machine, one a worker."""
    driver = session._jvm.java.lang.ProcessHandle.current().pid()  # type: ignore[union-attr]
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(driver)], capture_output=True, text=True, check=True)  # noqa: S603, S607
    pids = [int(line) for line in told.stdout.split()]
    return [pid for pid in pids if b"CoarseGrainedExecutorBackend" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def same(there: Path, here: Path) -> None:
    """Hold two files of scores against each other, but for percentiles, which are ranks and jump where values tie."""
    flat = [
        frame.explode("reasons").unnest("reasons", separator=".").drop("reasons.percentile")
        for frame in (pl.read_parquet(there / "*.parquet"), pl.read_parquet(here))
    ]
    assert_frame_equal(*(each.sort("account_id", "reasons.signal") for each in flat), rel_tol=1e-9, abs_tol=1e-9)


@contextmanager
def cluster(folder: Path) -> Iterator[SparkSession]:
    """Two executors on this machine, each a process of its own, whose logs go into the folder."""
    home = folder / "spark"
    home.mkdir()
    for part in ("bin", "jars", "python"):
        (home / part).symlink_to(Path(pyspark.__file__).parent / part)
    os.environ["SPARK_HOME"] = str(home)
    with open_cluster(f"local-cluster[{EXECUTORS},1,700]", CONF) as session:
        yield session


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    begins = time.perf_counter()
    work()
    return time.perf_counter() - begins


def tell(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
