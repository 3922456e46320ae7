from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from grantguard.spark import open_session

SMALL = {
    "spark.executor.memory": "700m",
    "spark.scheduler.minRegisteredResourcesRatio": "1",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
}
"""A population of a few hundred accounts is soon shuffled."""


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One session for all tests of a process: two executors, each a process of its own."""
    if shutil.which("java") is None and os.environ.get("CI") != "true":
        pytest.skip("Spark needs a Java, and there is none on the path")
    home = tmp_path_factory.mktemp("spark")
    for part in ("bin", "jars", "python"):
        (home / part).symlink_to(Path(pyspark.__file__).parent / part)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # A cluster on one machine writes its logs into its own folder, which is to be the test's.
        patch.setenv("SPARK_HOME", str(home))
        patch.setenv("PYTHONPATH", str(Path(__file__).parent.parent.parent / "src"))
        with open_session("local-cluster[2,1,700]", SMALL) as opened:
            yield opened
