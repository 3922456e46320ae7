"""What a run left is read as it was written, or refused with a sentence."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.errors import RunDamaged, RunForeign, RunMissing
from grantguard.since import Memory, keep, recall
from grantguard.since.keeping import FRAMES, folder_beside

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
MADE_BY = {"model": "one", "rules": "r"}


def memory_of(number: int = 1) -> Memory:
    frames = {name: pl.DataFrame({"account_id": ["ada"], name: [number]}) for name in FRAMES}
    return Memory(at=NOON, **frames)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    keep(memory_of(), MADE_BY, tmp_path / "scores.parquet")
    return tmp_path / "scores.parquet"


def test_what_was_kept_is_what_is_recalled(run: Path) -> None:
    recalled = recall(run, MADE_BY, NOON)
    assert recalled.at == NOON
    for field in fields(Memory):
        if field.name != "at":
            assert_frame_equal(getattr(recalled, field.name), getattr(memory_of(), field.name))


def test_a_run_that_writes_where_another_did_takes_its_place(run: Path) -> None:
    keep(memory_of(2), MADE_BY, run)
    assert recall(run, MADE_BY, NOON).scores["scores"].to_list() == [2]
    assert [path.name for path in run.parent.iterdir()] == ["scores.parquet.run"]


def test_a_later_moment_may_go_on(run: Path) -> None:
    assert recall(run, MADE_BY, NOON + timedelta(days=1)).at == NOON


def test_an_earlier_moment_is_refused(run: Path) -> None:
    with pytest.raises(RunForeign, match=r"after the 2025-05-09.*score without --since"):
        recall(run, MADE_BY, NOON - timedelta(days=1))


@pytest.mark.parametrize("what", sorted(MADE_BY))
def test_another_model_and_other_rules_are_refused_by_name(run: Path, what: str) -> None:
    with pytest.raises(RunForeign, match=f"was scored by {what} .*, not other; score without --since"):
        recall(run, MADE_BY | {what: "other"}, NOON)


def test_a_run_of_another_shape_is_refused(run: Path) -> None:
    card = folder_beside(run) / "run.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"format": 0}))
    with pytest.raises(RunForeign, match="format 0"):
        recall(run, MADE_BY, NOON)


def test_an_output_without_memory_says_how_to_leave_one(tmp_path: Path) -> None:
    with pytest.raises(RunMissing, match="score with --remember first"):
        recall(tmp_path / "scores.parquet", MADE_BY, NOON)


@pytest.mark.parametrize("name", [*FRAMES, "run"])
def test_a_part_that_was_cut_short_is_refused(run: Path, name: str) -> None:
    part = folder_beside(run) / (f"{name}.arrow" if name != "run" else "run.json")
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(RunDamaged, match=f"{part.name}: is not as the run wrote it"):
        recall(run, MADE_BY, NOON)


@pytest.mark.parametrize("name", FRAMES)
def test_a_part_that_is_gone_is_refused(run: Path, name: str) -> None:
    (folder_beside(run) / f"{name}.arrow").unlink()
    with pytest.raises(RunDamaged, match=name):
        recall(run, MADE_BY, NOON)


@pytest.mark.parametrize("told", ["[]", "{}", '{"format": 1, "made_by": [], "at": "noon", "digests": {}}'])
def test_a_card_that_says_nothing_is_refused(run: Path, told: str) -> None:
    (folder_beside(run) / "run.json").write_text(told)
    with pytest.raises(RunDamaged):
        recall(run, MADE_BY, NOON)
