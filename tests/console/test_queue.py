"""The queue page: who waits, who has whom, and who is next."""

from __future__ import annotations

from typing import Any

from grantguard.console import Office
from grantguard.settlement import settle

Keep = Any
Seat = Any
"""Of tests/conftest.py, and of this folder's."""


def test_whoever_was_scored_waits(visit: Seat, keep: Keep, office: Office) -> None:
    keep("ada")
    settle(office.desk, office.clock())
    assert "/console/accounts/ada" in visit("grace").get("/queue").text


def test_an_account(visit: Seat, keep: Keep, office: Office) -> None:
    keep("ada")
    settle(office.desk, office.clock())
    answer = visit("grace").get("/accounts/ada")
    assert answer.status_code == 200, answer.text


def test_when_nobody_waits_it_says_so(visit: Seat) -> None:
    assert "Nobody waits for a review" in visit("grace").get("/queue").text
