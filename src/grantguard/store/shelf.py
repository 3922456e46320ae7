"""The shelf: every version of a model that a deployment ever promoted, and who promoted it, when and why.

A version never changes: its folder is written once, and a file of other bytes under the same name is refused.
Promotions are lines that are only ever added.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from grantguard.errors import BundleMissing, VersionTaken
from grantguard.store.bundles import read_bundle, write_bundle

LEDGER = "promotions.jsonl"


@dataclass(frozen=True)
class Promotion:
    """Who put which version in charge, when (RFC 3339), why, and whether its decisions bind the ledger."""

    version: str
    promoted_at: str
    by: str
    why: str
    enforce: bool


@dataclass(frozen=True)
class Shelf:
    """A folder of bundles, one folder a version, with the promotions beside them."""

    root: Path

    def versions(self) -> tuple[str, ...]:
        """The versions on the shelf, by name."""
        if not self.root.is_dir():
            return ()
        return tuple(sorted(path.parent.name for path in self.root.glob("*/digests.json")))

    def read(self, version: str) -> dict[str, bytes]:
        """The files of a version; raises ``BundleMissing``."""
        if version not in self.versions():
            known = ", ".join(self.versions()) or "none yet"
            raise BundleMissing(f"model {version}: not on the shelf {self.root} (there: {known})")
        return read_bundle(self.root / version)

    def keep(self, version: str, files: Mapping[str, bytes]) -> None:
        """Put a version on the shelf; raises ``VersionTaken`` where another of its name stands there."""
        if version not in self.versions():
            write_bundle(files, self.root / version)
        elif self.read(version)["digests.json"] != files["digests.json"]:
            raise VersionTaken(f"model {version}: another bundle of this name is on the shelf; versions never change")

    def promotions(self) -> tuple[Promotion, ...]:
        """Every promotion, oldest first."""
        ledger = self.root / LEDGER
        if not ledger.exists():
            return ()
        return tuple(Promotion(**json.loads(line)) for line in ledger.read_text().splitlines())

    @property
    def champion(self) -> Promotion | None:
        """The newest promotion."""
        return next(reversed(self.promotions()), None)

    def promote(self, promotion: Promotion) -> None:
        """Add a promotion; it is on the disk when this returns. Raises ``BundleMissing``."""
        self.read(promotion.version)
        line = json.dumps(asdict(promotion), sort_keys=True).encode() + b"\n"
        ledger = os.open(self.root / LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(ledger, line)
            os.fsync(ledger)
        finally:
            os.close(ledger)
