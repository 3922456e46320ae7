"""Bundles as folders."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from grantguard.errors import BundleMissing


def read_bundle(folder: Path) -> dict[str, bytes]:
    """The files of a bundle by name, the estimator's bytes among them, unopened.

    Raises ``BundleMissing`` where there is no such folder.
    """
    if not folder.is_dir():
        raise BundleMissing(f"{folder}: no bundle there; make one with 'grantguard train --data DIR --out {folder}'")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def write_bundle(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a bundle's files; its digests last, so that a half-written bundle is refused."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in sorted(files.items(), key=lambda item: item[0] == "digests.json"):
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as draft:
            draft.write(content)
        Path(draft.name).chmod(0o644)
        Path(draft.name).replace(folder / name)
