"""Expected bursts: the room says nothing of a guest, a farm among the guests still stands out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from grantguard.contract import Tables
from grantguard.histories import Past, ask
from grantguard.signals import extract

OPENS = datetime(2025, 3, 1, 10, tzinfo=UTC)
LATER = OPENS + timedelta(days=5)
GUESTS, FARM = 60, 15
NAMES = [f"guest-{i}" for i in range(GUESTS)] + [f"farm-{i}" for i in range(FARM)]


def hackathon(
    seed: int,
    *,
    registered: bool = True,
    expected: int | None = 80,
    rooms: int = 1,
    **other: Any,  # noqa: ANN401 - columns of a campaign
) -> Tables:
    """Sixty honest guests in a room or several, and fifteen copies of one script with an exit of their own."""
    rng = np.random.default_rng(seed)
    accounts, grants, usage = [], [], []
    for place, name in enumerate(NAMES):
        copy = name.startswith("farm")
        created = OPENS + timedelta(seconds=40 * place)
        accounts.append({"account_id": name, "created_at": created, "plan": "free", "email_domain": "hack.example"})
        grants.append(
            {
                "grant_id": f"g-{name}",
                "account_id": name,
                "campaign": "hack",
                "kind": "launch",
                "granted_at": created,
                "expires_at": LATER,
                "credits": 5.0,
            }
        )
        size = 4000 if copy else int(rng.lognormal(7, 1.2))
        usage += [
            {
                "event_id": f"{name}-{turn}",
                "account_id": name,
                "occurred_at": created + timedelta(seconds=60 + turn * (20 if copy else int(rng.uniform(20, 900)))),
                "category": "standard_chat",
                "input_tokens": int(size * rng.uniform(0.99, 1.01)) + 1,
                "output_tokens": 300 if copy else int(rng.lognormal(5, 1)) + 1,
                "credits": 0.6,
                "grant_id": f"g-{name}",
                "status": "ok",
                "network": "AS64501",
                "ip_hash": "exit" if copy else f"room-{place % rooms}",
            }
            for turn in range(24)
        ]
    burst = {
        "campaign": "hack",
        "kind": "launch",
        "expected_accounts": expected,
        "expected_from": OPENS - timedelta(hours=1),
        "expected_until": OPENS + timedelta(hours=6),
        "network": "AS64501",
        **other,
    }
    frames: dict[str, list[Any]] = {
        "accounts": accounts,
        "grants": grants,
        "usage": usage,
        "campaigns": [burst] if registered else [],
    }
    return Tables.of(**{name: pl.DataFrame(rows) for name, rows in frames.items() if rows})


def read(tables: Tables, at: datetime = LATER) -> pl.DataFrame:
    return extract(Past.of(tables).up_to(ask(NAMES, at)))


def typical(signals: pl.DataFrame, signal: str, who: str) -> float:
    return float(signals.filter(pl.col("account_id").str.starts_with(who))[signal].fill_null(0.0).median())  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_room_of_a_registered_burst_says_nothing_of_its_guests(seed: int) -> None:
    assert typical(read(hackathon(seed)), "shared_address", "guest") == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_room_of_an_unregistered_one_is_read_as_ever(seed: int) -> None:
    assert typical(read(hackathon(seed, registered=False, rooms=3)), "shared_address", "guest") > 1


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("signal", ["twins", "joined_within_hour", "shared_address"])
def test_a_farm_among_the_guests_still_stands_out(seed: int, signal: str) -> None:
    signals = read(hackathon(seed))
    assert typical(signals, signal, "farm") > typical(signals, signal, "guest") + 1


def test_more_than_were_registered_are_read_as_ever() -> None:
    guests = Past.of(hackathon(1, expected=20)).guests
    assert guests.height == 30


@pytest.mark.parametrize("other", [{"network": "AS64999"}, {"network": None, "email_domain": "school.example"}])
def test_who_fits_neither_network_nor_domain_is_no_guest(other: dict[str, Any]) -> None:
    assert Past.of(hackathon(1, **other)).guests.is_empty()


def test_the_mail_domain_alone_is_enough() -> None:
    tables = hackathon(1, network=None, email_domain="Hack.example")
    assert Past.of(tables).guests.height == GUESTS + FARM


def test_without_network_and_domain_the_grant_is_enough() -> None:
    assert Past.of(hackathon(1, network=None)).guests.height == GUESTS + FARM


def test_who_comes_later_changes_nothing_before() -> None:
    tables, half = hackathon(1), OPENS + timedelta(minutes=30)
    dated = {"accounts": "created_at", "grants": "granted_at", "usage": "occurred_at"}
    cut = {name: getattr(tables, name).filter(pl.col(when) <= half) for name, when in dated.items()}
    early = Tables.of(**(vars(tables) | cut))
    ids = early.accounts["account_id"].sort()
    both = [extract(Past.of(each).up_to(ask(ids, half))) for each in (tables, early)]
    assert both[0].equals(both[1])
