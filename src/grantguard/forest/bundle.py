"""A bundle: everything that scoring needs, as files in memory; reading and writing them is a door's business.

=================  =========================================================================
``forest.npz``     flattened trees, scale, calibration, lessons and baseline; no pickle
``card.json``      what it is: catalogue, data fingerprint, seed, versions, metrics
``estimator.joblib``  the scikit-learn estimator, for data scientists; never loaded to serve
``digests.json``   SHA-256 of each of the above; a changed byte is refused
=================  =========================================================================
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import joblib
import numpy as np

from grantguard.errors import BundleForeign, BundleMissing, BundleTampered
from grantguard.forest.baseline import Baseline
from grantguard.forest.calibration import Calibration
from grantguard.forest.compiled import CompiledForest
from grantguard.forest.detector import RiskForest
from grantguard.forest.feedback import Lessons
from grantguard.forest.scale import Scale

FORMAT = 9
FILES = ("forest.npz", "card.json", "estimator.joblib")
PARTS = {
    "baseline": Baseline,
    "forest": CompiledForest,
    "scale": Scale,
    "calibration": Calibration,
    "school": Lessons,
    "verdicts": Lessons,
}


@dataclass(frozen=True)
class Bundle:
    """A forest ready to serve, what calibrates it and what taught it (``school``, ``verdicts``), with its card.

    ``baseline`` is what drift is measured from.
    """

    forest: CompiledForest
    scale: Scale
    calibration: Calibration
    school: Lessons
    verdicts: Lessons
    baseline: Baseline
    card: dict[str, Any]

    @property
    def version(self) -> str:
        """The name of this model, made of its content."""
        return str(self.card["model_version"])


def pack(bundle: Bundle, estimator: RiskForest) -> dict[str, bytes]:
    """The bundle's files by name."""
    dumped = io.BytesIO()
    joblib.dump(estimator, dumped, compress=3)
    return _seal(bundle, dumped.getvalue())


def repack(bundle: Bundle, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a bundle that was taught since ``files`` were read: its trees, and so its estimator, are theirs."""
    return _seal(bundle, files["estimator.joblib"])


def _seal(bundle: Bundle, estimator: bytes) -> dict[str, bytes]:
    arrays = {
        f"{part}.{field.name}": np.asarray(getattr(getattr(bundle, part), field.name))
        for part, kind in PARTS.items()
        for field in fields(kind)
    }
    forest = io.BytesIO()
    np.savez_compressed(forest, allow_pickle=False, **arrays)
    card = json.dumps(bundle.card, indent=2, sort_keys=True).encode()
    files = dict(zip(FILES, (forest.getvalue(), card, estimator), strict=True))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**files, "digests.json": json.dumps(digests, indent=2, sort_keys=True).encode()}


def unpack(files: Mapping[str, bytes], catalogue: tuple[str, ...]) -> Bundle:
    """The bundle in ``files``, made for ``catalogue``'s signals.

    Raises ``BundleMissing`` where a file is not there, ``BundleTampered`` where a byte has changed and
    ``BundleForeign`` where the bundle was made for another format or catalogue.
    """
    _verify(files)
    card = json.loads(files["card.json"])
    if card.get("format") != FORMAT:
        raise BundleForeign(f"card.json: format {card.get('format')}, this version reads {FORMAT}; train anew")
    if tuple(card["catalogue"]) != catalogue:
        changed = sorted(set(card["catalogue"]) ^ set(catalogue))
        raise BundleForeign(f"card.json: made for another catalogue ({', '.join(changed) or 'order'}); train anew")
    with np.load(io.BytesIO(files["forest.npz"]), allow_pickle=False) as arrays:
        parts = {part: _restore(kind, part, arrays) for part, kind in PARTS.items()}
    return Bundle(card=card, **parts)


def _verify(files: Mapping[str, bytes]) -> None:
    absent = [name for name in (*FILES, "digests.json") if name not in files]
    if absent:
        raise BundleMissing(f"no {absent[0]}: not a bundle, or not a whole one; train anew")
    digests = json.loads(files["digests.json"])
    for name in FILES:
        if hashlib.sha256(files[name]).hexdigest() != digests.get(name):
            raise BundleTampered(f"{name}: does not match its digest; restore the bundle or train anew")


def _restore(kind: type[Any], part: str, arrays: Mapping[str, Any]) -> Any:  # noqa: ANN401 - one of three known kinds
    values = {field.name: arrays[f"{part}.{field.name}"] for field in fields(kind)}
    return kind(**{name: value.item() if value.ndim == 0 else value for name, value in values.items()})
