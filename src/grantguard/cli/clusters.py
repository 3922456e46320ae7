"""Work on a cluster: its options, and what is said around ``grantguard.spark``, which is imported when asked for."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grantguard.buckets import count_buckets
from grantguard.cli.bulk import GIGABYTE
from grantguard.cli.terminal import moment_of, now, progress, say, screen, warn, warn_of_few
from grantguard.contract import Tables
from grantguard.errors import EngineMissing, UsageError
from grantguard.forest import Bundle, pack
from grantguard.sources.files import Intake, describe_counts, require_tolerable
from grantguard.store.bundles import write_bundle
from grantguard.training import Recipe, grow

if TYPE_CHECKING:
    from grantguard.spark import Dated

ENGINES = ("local", "spark")

MASTERS = re.compile(r"(spark|k8s)://.+|yarn|local(-cluster)?(\[.+\])?")
"""Addresses that Spark knows; of any other it would say so in a page of Java's own."""

SUCH_AS = "such as spark://host:7077, yarn or local[2]"

MEMORY_OF_A_TASK = 2.0
"""Gigabytes that a task's Python may take, where nobody says."""

BUCKETS_A_CORE = 2
"""Buckets, at least, for each core of the cluster: accounts fall into them unevenly."""

EngineOption = Annotated[
    str, typer.Option("--engine", help="local, or spark: a cluster, over a data directory of Parquet.")
]
MasterOption = Annotated[
    str | None,
    typer.Option("--master", help="The cluster's address, with --engine spark: spark://host:7077, yarn, local[2]."),
]


@dataclass(frozen=True)
class Errand:
    """Which data to read on which cluster, as of when, and where what comes of it is written."""

    data: Path
    out: Path
    at: str | None
    memory: float | None
    master: str
    keep_going: bool


def read_engine(engine: str, master: str | None) -> str | None:
    """The cluster's address; nothing for this machine. Raises ``UsageError``."""
    if engine not in ENGINES:
        raise UsageError(f"--engine: '{engine}' is none; say {' or '.join(ENGINES)}")
    if engine == "local":
        if master is not None:
            raise UsageError("--master: the address of a cluster; say --engine spark as well")
        return None
    if master is None:
        raise UsageError(f"--engine spark: which cluster? Say --master, {SUCH_AS}")
    if not MASTERS.fullmatch(master):
        raise UsageError(f"--master: '{master}' is no cluster's address; say one {SUCH_AS}")
    return master


def require_folder_name(out: Path) -> None:
    """Raise ``UsageError`` where scores of a cluster cannot be named so."""
    if out.suffix != ".parquet":
        raise UsageError(f"{out}: a cluster writes a folder of Parquet files; end its name in .parquet")


def score_on_cluster(errand: Errand, bundle: Bundle) -> None:
    """Score by a bundle: a folder of Parquet files, most suspicious first, and rejected rows beside it.

    Raises ``EngineMissing``, and what reading a data directory does.
    """
    with _dated(errand, "scoring") as dated:
        from grantguard import spark  # noqa: PLC0415 - PySpark is optional

        accounts, held = spark.write_scores(spark.score(dated, bundle), address_of(errand.out))
    say(f"{errand.out}: {accounts:,} accounts, {held:,} to hold (recommended only)")


def train_on_cluster(errand: Errand, recipe: Recipe) -> None:
    """Train as ``recipe`` says: a bundle on this machine, and rejected rows beside it.

    Raises ``EngineMissing``, ``ReferenceTooSmall``, and what reading a data directory does.
    """
    with _dated(errand, "training") as dated:
        from grantguard import spark  # noqa: PLC0415 - the same

        population = spark.gather(dated, recipe)
        bundle, estimator = grow(population, recipe, simulated=dated.lake.is_simulated())
    write_bundle(pack(bundle, estimator), errand.out)
    warn_of_few(bundle)
    say(
        f"{errand.out}: model {bundle.version}, calibrated on {bundle.card['metrics']['calibrated_by']:,} accounts;"
        f" of {population.accounts:,}, {population.everybody.facts.height:,} came to this machine for its trees to grow"
        f" on, and {population.trusted.facts.height:,} trusted ones as its reference, drawn by a hash"
    )


@contextmanager
def _dated(errand: Errand, doing: str) -> Iterator[Dated]:
    """The errand's data, read, told of and dated, on a cluster that is there until the block ends."""
    require_engine()
    from grantguard import spark  # noqa: PLC0415 - the same

    at = None if errand.at is None else moment_of(errand.at, None)
    memory = round((errand.memory or MEMORY_OF_A_TASK) * GIGABYTE)
    with spark.open_cluster(errand.master) as session, progress() as bar:
        bar.add_task(f"{doing} at {errand.master}", total=None)
        least = BUCKETS_A_CORE * session.sparkContext.defaultParallelism
        question = spark.Question(at, lambda events: max(least, count_buckets(events, memory)))
        dated = spark.date(spark.Lake(session, address_of(errand.data), now()), question)
        _tell_reading(dated, errand)
        yield dated


def _tell_reading(dated: Dated, errand: Errand) -> None:
    """Say what was read; rejected rows go beside the output. Raises ``TooManyRejected``."""
    from grantguard import spark  # noqa: PLC0415 - the same

    rejected_to = errand.out.parent / "rejected.jsonl"
    shutil.rmtree(rejected_to, ignore_errors=True)
    counts, first = spark.count(dated), spark.find_first_rejected(dated)
    if first.height:
        spark.write_rejected(dated, address_of(rejected_to))
    require_tolerable(Intake(Tables.of(), first, counts), rejected_to, keep_going=errand.keep_going)
    if screen.is_terminal or first.height:
        more = f"; rejected rows are in {rejected_to}" if first.height else ""
        screen.print(describe_counts(counts) + more, highlight=False, soft_wrap=True)
    for fault in dated.faults:
        warn(str(fault))


def require_engine() -> None:
    """Raise ``EngineMissing``, with what to install, where PySpark or a Java is not there."""
    if find_spec("pyspark") is None:
        raise EngineMissing("--engine spark: PySpark is not installed; pip install 'grantguard[spark]'")
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        where = f"JAVA_HOME, {home}, has no bin/java" if home else "no java is on the path"
        raise EngineMissing(f"--engine spark: {where}; install Java 17 or newer, such as openjdk-17-jre-headless")


def address_of(path: Path) -> str:
    """A folder as Spark knows it; ``hdfs://`` and its like, which a path spells with one stroke, whole again."""
    return re.sub(r"^([a-z][a-z0-9+.-]*):/(?!/)", r"\1://", str(path))
