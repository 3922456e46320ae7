"""The shelf keeps every version, and who promoted it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grantguard.errors import BundleMissing, VersionTaken
from grantguard.store.shelf import Promotion, Shelf

FILES = {"forest.npz": b"trees", "digests.json": b"{}"}


def promotion(version: str = "one", by: str = "Ada") -> Promotion:
    return Promotion(version, "2025-05-01T00:00:00+00:00", by, "it holds fewer classrooms", enforce=False)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "models")
    shelf.keep("one", FILES)
    return shelf


def test_an_empty_shelf_has_no_champion(tmp_path: Path) -> None:
    assert Shelf(tmp_path).champion is None


def test_a_version_comes_back_as_it_was_put(shelf: Shelf) -> None:
    assert shelf.read("one") == FILES


def test_the_same_version_may_be_put_again(shelf: Shelf) -> None:
    shelf.keep("one", FILES)
    assert shelf.versions() == ("one",)


def test_another_bundle_of_the_same_name_is_refused(shelf: Shelf) -> None:
    with pytest.raises(VersionTaken, match="versions never change"):
        shelf.keep("one", FILES | {"digests.json": b"{} "})


def test_the_newest_promotion_is_in_charge(shelf: Shelf) -> None:
    shelf.keep("two", FILES)
    for version in ("one", "two"):
        shelf.promote(promotion(version))
    assert shelf.champion == promotion("two")


def test_earlier_promotions_stay(shelf: Shelf) -> None:
    for by in ("Ada", "Bo", "Ada"):
        shelf.promote(promotion(by=by))
    assert [each.by for each in shelf.promotions()] == ["Ada", "Bo", "Ada"]


def test_nobody_promotes_what_is_not_there(shelf: Shelf) -> None:
    with pytest.raises(BundleMissing, match="there: one"):
        shelf.promote(promotion("three"))
