"""A Spark session as this house needs it."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from grantguard.errors import ClusterUnreachable

READING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Rows as they lie in files travel by many, which costs a task less; packed rows are large, so by bytes at most.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "200000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(64 * 1024 * 1024),
}
"""Times are UTC, in and out, and batches fit a task, whatever else a session was made for."""

QUIET = {"spark.ui.showConsoleProgress": "false"}
"""A door shows progress of its own, and none when piped."""

HERE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
"""A master on this machine listens to nobody else."""


@contextmanager
def open_cluster(master: str, conf: Mapping[str, str] = MappingProxyType({})) -> Iterator[SparkSession]:
    """A session at ``master``, which ends with the block; one that is there already is used, and goes on.

    ``conf`` has the last word, after ``spark-defaults.conf``. Raises ``ClusterUnreachable``.
    """
    # It speaks of pandas, of which nothing here makes use.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    known = SparkSession.getActiveSession()
    session = known or _begin(master, conf)
    for name, value in READING.items():
        session.conf.set(name, value)
    try:
        yield session
    finally:
        if known is None:
            session.stop()


def _begin(master: str, conf: Mapping[str, str]) -> SparkSession:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    is_here = master.startswith("local")
    if is_here:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(master).appName("grantguard")
    for name, value in {**QUIET, **(HERE if is_here else {}), **conf}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Py4JJavaError as error:
        why = str(error.java_exception).partition("\n")[0]
        raise ClusterUnreachable(
            f"{master}: no cluster answers there ({why}); check the address, and that its master runs"
        ) from None
    session.sparkContext.setLogLevel("ERROR")
    return session
