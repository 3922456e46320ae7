"""Memory on disk: a folder beside the output of a run, whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from grantguard.errors import RunDamaged, RunForeign, RunMissing
from grantguard.since.memory import Memory

FORMAT = 1
"""Another number when what is remembered has another shape."""

CARD = "run.json"
"""By what the run was made, as of when, and a digest of each frame."""

FRAMES = tuple(field.name for field in fields(Memory) if field.name != "at")


def folder_beside(out: Path) -> Path:
    """Where the run that wrote ``out`` keeps its memory."""
    return out.parent / f"{out.name}.run"


def keep(memory: Memory, made_by: Mapping[str, str], out: Path) -> None:
    """Keep a run's memory beside its output, in place of an older one; ``made_by`` names model, rules and versions."""
    folder = folder_beside(out)
    draft, old = (folder.parent / f"{folder.name}.{name}" for name in ("draft", "old"))
    for left in (draft, old):
        shutil.rmtree(left, ignore_errors=True)
    draft.mkdir(parents=True)
    digests = {name: _write(getattr(memory, name), draft / f"{name}.arrow") for name in FRAMES}
    card = {"format": FORMAT, "made_by": dict(made_by), "at": memory.at.isoformat(), "digests": digests}
    (draft / CARD).write_text(json.dumps(card, indent=2, sort_keys=True) + "\n")
    if folder.exists():
        folder.replace(old)
    draft.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def recall(run: Path, made_by: Mapping[str, str], at: datetime) -> Memory:
    """The memory of the run that wrote ``run``, for a run as of ``at`` that is ``made_by`` the same.

    Raises ``RunMissing`` where it kept none, ``RunDamaged`` where a part is not as it was written, and ``RunForeign``
    where another model, other rules or another version made it, or where it lies after ``at``.
    """
    card = _read_card(run)
    _require_same(run, card, made_by)
    then = datetime.fromisoformat(card["at"])
    if then > at:
        raise RunForeign(
            f"{run}: was scored as of {then.isoformat()}, after the {at.isoformat()} that is asked for now; say a later"
            " --at, or score without --since"
        )
    return Memory(at=then, **{name: _read(run, name, card["digests"]) for name in FRAMES})


def _read_card(run: Path) -> dict[str, Any]:
    path = folder_beside(run) / CARD
    if not path.exists():
        raise RunMissing(f"{run}: no {path.parent.name} beside it; score with --remember first, or without --since")
    try:
        card = json.loads(path.read_text())
        known = card["format"], card["made_by"], datetime.fromisoformat(card["at"]), card["digests"]
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None
    if not isinstance(known[1], dict) or not isinstance(known[3], dict):
        raise _damaged(path)
    return dict(card)


def _require_same(run: Path, card: Mapping[str, Any], made_by: Mapping[str, str]) -> None:
    then, now = ({"format": str(told), **made} for told, made in ((card["format"], card["made_by"]), (FORMAT, made_by)))
    for what, name in now.items():
        if then.get(what) != name:
            raise RunForeign(f"{run}: was scored by {what} {then.get(what)}, not {name}; score without --since")


def _write(frame: pl.DataFrame, path: Path) -> str:
    frame.write_ipc(path, compression="lz4")
    return _digest(path.read_bytes())


def _read(run: Path, name: str, digests: Mapping[str, str]) -> pl.DataFrame:
    path = folder_beside(run) / f"{name}.arrow"
    content = path.read_bytes() if path.exists() else b""
    if _digest(content) != digests.get(name):
        raise _damaged(path)
    return pl.read_ipc(BytesIO(content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _damaged(path: Path) -> RunDamaged:
    return RunDamaged(f"{path}: is not as the run wrote it; restore it, or score without --since")
