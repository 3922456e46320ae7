"""How the engine grows: ``make bench-scale``, each figure a ratio of two that ran in turn, kept in docs/bench.json.

Usage of any size is made of one simulated world, again and again under other names, at other times and sizes. Each
measurement runs in a process of its own, so that its memory is its own too.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from bench import side_by_side
from grantguard.__main__ import KEEPING
from grantguard.cli import app
from grantguard.cli.terminal import load
from grantguard.contract import Tables
from grantguard.forest import RiskForest
from grantguard.histories import Histories, Past, ask
from grantguard.signals import CATALOGUE, extract
from grantguard.training import CHANCES, NAMES
from grantguard.worlds import simulate

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "docs" / "bench.json"
MODEL = ROOT / "models" / "default"
MEMORY = 4
"""Gigabytes that whole scoring may take."""

ACCOUNTS = 2_500
"""Accounts of the world that is repeated: about a third of a million events."""

RENAMED = {
    "accounts": (
        *("account_id", "organization_id", "referred_by", "payment_hash", "email_hash"),
        *("signup_ip_hash", "signup_ip_prefix_hash", "signup_device_hash"),
    ),
    "grants": ("grant_id", "account_id"),
    "usage": (
        *("event_id", "account_id", "grant_id", "session_id", "ip_hash", "ip_prefix_hash"),
        *("device_hash", "prompt_hash", "template_hash"),
    ),
    "billing": ("billing_id", "account_id"),
}
"""Columns that another copy of the world has of its own."""

SIMPLE: dict[str, tuple[str, str, str]] = {
    "overlap": ("usage", "overlaps", "mean"),
    "overlap_elsewhere": ("usage", "elsewhere", "mean"),
    "place_alternation": ("usage", "returns", "mean"),
    "strange_hands": ("usage", "stranger", "mean"),
    "networks": ("usage", "network", "nunique"),
    "threshold_hugging": ("usage", "near_threshold", "mean"),
    "prompt_repetition": ("usage", "prompt_hash", "nunique"),
    "round_the_clock": ("usage", "hour", "nunique"),
    "models_tried": ("usage", "model", "nunique"),
    "input_variation": ("usage", "input_tokens", "std"),
    "output_yield": ("usage", "output_tokens", "sum"),
    "multiplier_gain": ("usage", "promo_value", "sum"),
    "places_per_day": ("days", "prefixes", "mean"),
    "day_sameness": ("days", "events", "std"),
    "daily_rest": ("days", "rest", "median"),
    "drain_time": ("grants", "drain", "min"),
    "first_day_burn": ("grants", "first_day_share", "mean"),
    "first_use_wait": ("grants", "wait", "min"),
    "campaigns_claimed": ("grants", "campaign", "nunique"),
    "grant_stacking": ("grants", "given_near", "max"),
}
"""Simple signals, each beside the reduction that pandas is given: no more work than the signal's own."""


def make(folder: Path, events: float) -> int:
    """A data directory with about so many million events; gives how many."""
    world = simulate(ACCOUNTS, seed=1).tables
    copies = max(1, round(events * 1e6 / world.usage.height))
    folder.mkdir(parents=True)
    for name in ("accounts", "grants", "billing"):
        again = pl.concat(repeat(getattr(world, name), name, copy) for copy in range(copies))
        again.write_parquet(folder / f"{name}.parquet")
    world.campaigns.write_parquet(folder / "campaigns.parquet")
    (folder / "usage").mkdir()
    for first in range(0, copies, 3):
        part = pl.concat(repeat(world.usage, "usage", copy) for copy in range(first, min(first + 3, copies)))
        part.sort("occurred_at").write_parquet(folder / "usage" / f"part-{first:04}.parquet")
    return copies * world.usage.height


def repeat(frame: pl.DataFrame, name: str, copy: int) -> pl.DataFrame:
    """The rows once more, of other accounts, at other times, and of other sizes."""
    times = [column for column, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    later = [pl.col(column) + pl.duration(minutes=97 * copy % 10_000) for column in times]
    frame = frame.with_columns(pl.col(RENAMED[name]) + f"~{copy}", *later)
    if name != "usage":
        return frame
    factor = 0.6 + (pl.col("account_id").hash(seed=0) % 1000) / 1000
    sizes = ("input_tokens", "output_tokens")
    return frame.with_columns((pl.col(column) * factor).ceil().cast(pl.Int64) for column in sizes)


def read_usage(folder: Path) -> pl.DataFrame:
    """Every column of usage."""
    return pl.read_parquet(folder / "usage" / "*.parquet")


def floor(folder: Path) -> None:
    """What no catalogue can do without: every column read, sorted by account and time, five of them added up."""
    ordered = read_usage(folder).sort("account_id", "occurred_at")
    ordered.select(
        pl.col("input_tokens", "output_tokens", "credits", "latency_ms").sum(),
        pl.col("occurred_at").dt.timestamp().sum(),
    )


def prepare(folder: Path) -> Histories:
    """Everybody's histories as of the newest event."""
    small = {
        name: pl.read_parquet(folder / f"{name}.parquet") for name in ("accounts", "grants", "billing", "campaigns")
    }
    tables = Tables.of(usage=read_usage(folder), **small)
    past = Past.of(tables)
    return past.up_to(ask(past.account_ids, tables.usage["occurred_at"].max()))  # type: ignore[arg-type]


def catalogue(folder: Path) -> None:
    """Every signal of every account, all in memory."""
    extract(prepare(folder))


def score(folder: Path) -> None:
    """``grantguard score --memory 4``: read, checked, every signal, rings, forest, reasons and decisions."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        asked = ["score", "--data", str(folder), "--model", str(MODEL), "--out", f"{out}/scores.parquet"]
        app([*asked, "--memory", str(MEMORY)], standalone_mode=False)


TIMED = ("seconds", "processor")

WORK: dict[str, Callable[[Path], None]] = {"floor": floor, "catalogue": catalogue, "score": score}


def measure(what: str, folder: Path) -> dict[str, float]:
    """Seconds, processor seconds and peak gigabytes of one piece of work in a process of its own.

    The command line is told what ``grantguard`` tells it, the others what Polars asks for itself.
    """
    line = [sys.executable, __file__, "--only", what, "--data", str(folder)]
    told_of = os.environ | (KEEPING if what == "score" else {})
    told = subprocess.run(line, check=True, capture_output=True, text=True, env=told_of)  # noqa: S603 - our own
    return dict(json.loads(told.stdout))


def only(what: str, folder: Path) -> None:
    """Do one piece of work and print what it took."""
    begins, worked = time.perf_counter(), time.process_time()
    WORK[what](folder)
    seconds, processor = time.perf_counter() - begins, time.process_time() - worked
    sys.stdout.write(json.dumps({"seconds": seconds, "processor": processor, "gigabytes": peak()}))


def peak() -> float:
    """The most memory that this process ever held, in gigabytes; not what its parent did."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    (held,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(held) / 2**20


def compare_simple(folder: Path) -> dict[str, Any]:
    """The simplest signals beside pandas, on frames that both have at hand."""
    histories = prepare(folder)
    chosen = [each for each in CATALOGUE if each.name in SIMPLE]
    frames = {name: getattr(histories, name) for name in ("usage", "days", "grants")}
    pandas = {
        name: frame.select("subject", *{column for table, column, _ in SIMPLE.values() if table == name}).to_pandas()
        for name, frame in frames.items()
    }

    def ours() -> None:
        for name, frame in frames.items():
            signals = [each.expression for each in chosen if each.view.frame == name]
            frame.lazy().group_by("subject").agg(signals).collect(engine="in-memory")

    def theirs() -> None:
        for name, frame in pandas.items():
            asked = {
                signal: pd.NamedAgg(column, how) for signal, (table, column, how) in SIMPLE.items() if table == name
            }
            frame.groupby("subject").agg(**asked)

    return beside("20 simple signals, beside pandas groupby().agg", theirs, ours, least=3.0, rounds=5)


def compare_forest(rows: int) -> list[dict[str, Any]]:
    """Scores and reasons beside scikit-learn, one row and many."""
    rng = np.random.default_rng(0)
    bundle, signs = load(MODEL).forest, np.ones(len(NAMES))
    table = rng.gamma(0.5, 1.0, (rows, len(NAMES)))
    estimator = RiskForest(signs=signs, chances=CHANCES, max_samples=2048).fit(table[:20_000])
    forest, repeated = estimator.forest_, np.repeat(table, CHANCES, axis=1)
    few = 20
    return [
        beside(
            "one row scored, beside score_samples",
            lambda: [forest.score_samples(repeated[:1]) for _ in range(few)],
            lambda: [bundle.score(table[:1]) for _ in range(few)],
            least=100.0,
            rounds=9,
        ),
        beside(
            f"{rows:,} rows scored, beside score_samples",
            lambda: forest.score_samples(repeated),
            lambda: bundle.score(table),
            least=1.0,
            rounds=3,
        ),
        beside(
            f"reasons for {rows:,} rows, beside their scores",
            lambda: bundle.score(table),
            lambda: bundle.contributions(table),
            most=3.0,
            rounds=3,
        ),
    ]


def compare_fit(accounts: int) -> dict[str, Any]:
    """A forest grown on many accounts, beside one grown on a tenth of them."""
    table = np.random.default_rng(0).gamma(0.5, 1.0, (accounts, len(NAMES)))

    def fit(rows: int) -> None:
        RiskForest(signs=np.ones(len(NAMES)), chances=CHANCES, max_samples=2048).fit(
            table[:rows], reference=table[: min(rows, 20_000)]
        )

    told = beside(
        f"a forest on {accounts:,} accounts, beside a tenth",
        lambda: fit(accounts // 10),
        lambda: fit(accounts),
        rounds=1,
    )
    return told | {"gigabytes": peak()}


def beside(
    what: str,
    one: Callable[[], object],
    other: Callable[[], object],
    *,
    rounds: int,
    least: float | None = None,
    most: float | None = None,
) -> dict[str, Any]:
    """Median seconds of each, run in turn; ``least`` is how many times as fast the other must be, ``most`` as slow."""
    theirs, ours = side_by_side(one, other, rounds)
    ratio = theirs / ours if least is not None else ours / theirs
    limit = {"at_least": least} if least is not None else {"at_most": most}
    return {"what": what, "rival": theirs, "ours": ours, "ratio": ratio, **limit}


def grow(sizes: list[float], most_in_memory: float) -> Iterator[dict[str, Any]]:
    """The catalogue and whole scoring at growing sizes, each beside the floor of the same."""
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="grantguard-") as home:
            folder = Path(home, "data")
            events = make(folder, size)
            for what in ("catalogue", "score") if size <= most_in_memory else ("score",):
                least = measure("floor", folder) if size <= most_in_memory else None
                took = measure(what, folder)
                ratios = (
                    {f"ratio_of_{name}": took[name] / least[name] for name in took if name in TIMED} if least else {}
                )
                yield {"what": what, "events": events, "floor": least, "ours": took, **ratios}


def exponent(figures: list[dict[str, Any]], what: str) -> float | None:
    """By what power of the events the processor's seconds grow, from the smallest size to the largest."""
    known = [each for each in figures if each["what"] == what]
    if len(known) < 2:
        return None
    first, last = known[0], known[-1]
    grown = math.log(last["ours"]["processor"] / first["ours"]["processor"])
    return grown / math.log(last["events"] / first["events"])


def machine() -> dict[str, Any]:
    """Where this ran, and on what."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - git
    return {
        "commit": commit.stdout.strip(),
        "measured_at": datetime.now(UTC).isoformat(timespec="minutes"),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "processor": platform.processor() or platform.machine(),
        "versions": {"python": platform.python_version(), "polars": pl.__version__},
    }


def tell(told: object) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure, print, keep."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--sizes", default="1,3,10,30", help="millions of events")
    asked.add_argument("--most-in-memory", type=float, default=10, help="millions of events that are held at once")
    asked.add_argument("--rows", type=int, default=100_000, help="rows that the forest scores")
    asked.add_argument("--accounts", type=int, default=1_000_000, help="accounts that a forest is grown on")
    asked.add_argument("--out", type=Path, default=KEPT)
    asked.add_argument("--only", choices=WORK)
    asked.add_argument("--data", type=Path)
    told = asked.parse_args()
    if told.only:
        only(told.only, told.data)
        return
    sizes = [float(size) for size in told.sizes.split(",")]
    kept: dict[str, Any] = {**machine(), "growth": [], "exponents": {}, "ratios": []}
    for figure in grow(sizes, told.most_in_memory):
        kept["growth"].append(figure)
        kept["exponents"] = {what: exponent(kept["growth"], what) for what in ("catalogue", "score")}
        keep(kept, figure, told.out)
    for figure in compare(sizes[0], told.rows, told.accounts):
        kept["ratios"].append(figure)
        keep(kept, figure, told.out)


def compare(size: float, rows: int, accounts: int) -> Iterator[dict[str, Any]]:
    """All that is compared at one size."""
    with tempfile.TemporaryDirectory(prefix="grantguard-") as home:
        make(Path(home, "data"), size)
        yield compare_simple(Path(home, "data"))
    yield from compare_forest(rows)
    yield compare_fit(accounts)


def keep(kept: dict[str, Any], newest: dict[str, Any], out: Path) -> None:
    """Print what is new, and keep all that is known so far."""
    tell(newest)
    out.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
