"""A Spark session as this house needs it."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession

TIMES = {"spark.sql.session.timeZone": "UTC"}

BATCHES = {"spark.sql.execution.arrow.maxBytesPerBatch": str(64 * 1024 * 1024)}
"""Packed rows are large: so many bytes travel together at most."""

HERE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
"""A master on this machine listens to nobody else."""


@contextmanager
def open_session(master: str, conf: Mapping[str, str]) -> Iterator[SparkSession]:
    """A session at ``master``, which ends with the block; ``conf`` has the last word."""
    # It speaks of pandas, of which nothing here makes use.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("grantguard")
    is_here = master.startswith("local")
    if is_here:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    for name, value in {**TIMES, **BATCHES, **(HERE if is_here else {}), **conf}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()
