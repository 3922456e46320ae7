"""Where no cluster is, a person reads one sentence after Spark's own words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODEL = Path(__file__).parent.parent.parent / "models" / "default"


def test_a_cluster_that_is_not_there_is_said_so_in_one_line() -> None:
    # A process of its own: in this one a cluster may be there already, and would be used.
    asked = ["score", "--data", "d", "--model", str(MODEL), "--out", "o.parquet", "--engine", "spark"]
    line = [sys.executable, "-m", "grantguard", *asked, "--master", "local[many]"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 1
    told = done.stderr.strip().splitlines()[-1]
    assert told.startswith("grantguard: local[many]: no cluster answers there")
    assert "Traceback" not in done.stderr
