"""The program: what it tells the allocator, it tells nobody else."""

from __future__ import annotations

import os

import pytest

from grantguard.__main__ import KEEPING, telling

(NAME,) = KEEPING


def test_what_is_loaded_within_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    with telling(KEEPING):
        assert os.environ[NAME] == KEEPING[NAME]


def test_children_are_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    with telling(KEEPING):
        pass
    assert NAME not in os.environ


def test_what_somebody_said_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "dirty_decay_ms:0")
    with telling(KEEPING):
        assert os.environ[NAME] == "dirty_decay_ms:0"
    assert os.environ[NAME] == "dirty_decay_ms:0"
