"""Where buckets lie between passes: frames by name in a folder, each whole or not there at all.

What is there was finished: an interrupted run goes on from it. A folder that another question left behind is emptied.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

PLAN = "plan.json"
"""What the folder was made for."""


@dataclass(frozen=True)
class Scratch:
    """Frames by name, such as ``events/3``, on disk."""

    folder: Path

    def has(self, name: str) -> bool:
        """Whether the frame was finished."""
        return self._path(name).exists()

    def write(self, name: str, frame: pl.DataFrame) -> None:
        """Keep a frame, whole."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        frame.write_ipc(draft, compression="lz4")
        draft.replace(path)

    def read(self, name: str) -> pl.DataFrame:
        """The frame of this name."""
        return pl.read_ipc(self._path(name))

    def names(self, folder: str) -> list[str]:
        """The frames of a folder, in order."""
        return sorted(f"{folder}/{path.stem}" for path in (self.folder / folder).glob("*.arrow"))

    def read_all(self, folder: str) -> pl.DataFrame:
        """The rows of all frames of a folder."""
        return pl.concat(self.read(name) for name in self.names(folder))

    def drop(self, folder: str) -> None:
        """Forget the frames of a folder."""
        shutil.rmtree(self.folder / folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.arrow"


def open_scratch(folder: Path, plan: Mapping[str, object]) -> Scratch:
    """The folder for this plan: as an interrupted run of the same plan left it, or empty."""
    told = folder / PLAN
    if folder.exists() and not (told.exists() and json.loads(told.read_text()) == json.loads(json.dumps(plan))):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    told.write_text(json.dumps(plan, sort_keys=True))
    return Scratch(folder)
