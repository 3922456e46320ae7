"""What a run costs since an earlier one, when one account in a hundred has news, beside a run from scratch.

``python tests/bench_since.py [--events 3] [--share 0.01]``: processor seconds of the whole commands, which read and
check every row both times. The news are twenty paid requests an account, within the hour after all others.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

from bench_scale import make

ROOT = Path(__file__).parent.parent
REQUESTS = 20
"""News of an account."""


def add_news(folder: Path, share: float) -> None:
    """Some accounts go on: their last requests once more, as paid ones, after everybody's."""
    usage = pl.scan_parquet(folder / "usage" / "*.parquet")
    newest = usage.select(pl.col("occurred_at").max()).collect().item()
    chosen = usage.filter(pl.col("account_id").hash(seed=1) % 10_000 < share * 10_000).collect()
    last = chosen.sort("occurred_at", "event_id").group_by("account_id", maintain_order=True).tail(REQUESTS)
    minutes = 3 * pl.int_range(1, pl.len() + 1).over("account_id")
    news = last.with_columns(
        event_id=pl.col("event_id") + "~news",
        occurred_at=pl.lit(newest) + pl.duration(minutes=minutes),
        grant_id=pl.lit(None, pl.String),
        funding=pl.lit("paid"),
    )
    news.select(usage.collect_schema().names()).write_parquet(folder / "usage" / "part-news.parquet")


def score(folder: Path, out: str, *more: str) -> tuple[float, str]:
    """Processor seconds of the command, and what it told."""
    asked = ["score", "--data", str(folder / "data"), "--model", str(ROOT / "models" / "default")]
    before = os.times()
    line = [sys.executable, "-m", "grantguard", *asked, "--out", str(folder / out), *more]
    told = subprocess.run(line, capture_output=True, text=True, check=True).stderr  # noqa: S603 - our own
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent, told.strip()


def main() -> None:
    """Measure, and say it on a line each."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--events", type=float, default=3, help="millions")
    asked.add_argument("--share", type=float, default=0.01, help="of accounts that have news")
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        events = make(place / "data", wanted.events)
        first, _ = score(place, "first.parquet", "--remember")
        add_news(place / "data", wanted.share)
        scratch, _ = score(place, "scratch.parquet")
        since, told = score(place, "since.parquet", "--since", str(place / "first.parquet"))
        again, none = score(place, "again.parquet", "--since", str(place / "since.parquet"))
    print(f"{events:,} events; from scratch {scratch:.1f} s, remembering {first:.1f} s")  # noqa: T201 - what a bench is for
    print(f"since: {since:.1f} s, {since / scratch:.2f} of scratch; {told.split(';')[0]}")  # noqa: T201 - what a bench is for
    print(f"since, nothing new: {again:.1f} s, {again / scratch:.2f} of scratch; {none.split(';')[0]}")  # noqa: T201 - what a bench is for


if __name__ == "__main__":
    main()
