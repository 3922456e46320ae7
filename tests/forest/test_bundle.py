"""A bundle: what serves is loaded without pickle, and a changed byte is refused."""

from __future__ import annotations

import io

import joblib
import numpy as np
import pytest

from grantguard.errors import BundleForeign, BundleMissing, BundleTampered
from grantguard.forest import Bundle, RiskForest, pack, unpack
from grantguard.forest.bundle import FILES
from grantguard.training import NAMES

ROWS = np.random.default_rng(0).gamma(0.5, 1.0, (40, len(NAMES)))


@pytest.fixture(scope="module")
def files(trained: tuple[Bundle, RiskForest]) -> dict[str, bytes]:
    return pack(*trained)


def test_it_scores_as_before_it_was_packed(files: dict[str, bytes], bundle: Bundle) -> None:
    assert np.array_equal(unpack(files, NAMES).forest.score(ROWS), bundle.forest.score(ROWS))


def test_it_calibrates_as_before_it_was_packed(files: dict[str, bytes], bundle: Bundle) -> None:
    scores = bundle.forest.score(ROWS)
    assert np.array_equal(unpack(files, NAMES).calibration.risk(scores), bundle.calibration.risk(scores))


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_refused(files: dict[str, bytes], name: str) -> None:
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    with pytest.raises(BundleTampered, match=name):
        unpack(files | {name: bytes(content)}, NAMES)


@pytest.mark.parametrize("name", [*FILES, "digests.json"])
def test_a_bundle_that_is_not_whole_is_refused(files: dict[str, bytes], name: str) -> None:
    with pytest.raises(BundleMissing, match=name):
        unpack({other: content for other, content in files.items() if other != name}, NAMES)


def test_another_catalogue_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(BundleForeign, match="new_signal"):
        unpack(files, (*NAMES, "new_signal"))


def test_the_served_arrays_hold_no_pickle(files: dict[str, bytes]) -> None:
    with np.load(io.BytesIO(files["forest.npz"]), allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_the_estimator_is_there_for_data_scientists(files: dict[str, bytes], bundle: Bundle) -> None:
    estimator = joblib.load(io.BytesIO(files["estimator.joblib"]))
    assert np.allclose(estimator.compiled_.score(ROWS), bundle.forest.score(ROWS))


def test_the_card_says_what_it_is(bundle: Bundle) -> None:
    assert set(bundle.card) >= {"catalogue", "data_fingerprint", "recipe", "versions", "metrics", "model_version"}
