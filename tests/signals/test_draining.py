"""Links: who drains together is told from who merely shares a room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log

import polars as pl
import pytest

from grantguard.contract import Tables
from grantguard.histories import USUALLY_DRAIN, USUALLY_RUSH, Past, ask
from grantguard.signals import extract
from grantguard.signals.links import CHANCE

OPENED = datetime(2025, 5, 1, 12, tzinfo=UTC)
OTHERS = 900
"""Accounts beside the group, so that what few share is uncommon."""


def doublings(share: float) -> float:
    """What is told for each of a group of whom such a share drains in a rush."""
    return 2 / log(2) * ((share - USUALLY_DRAIN) ** 2 + (share - USUALLY_RUSH) ** 2)


AT_LEISURE, UNLIKELY = 2 / log(2) * (1 - USUALLY_DRAIN) ** 2, doublings(1)
"""The same of a group that drains to the last, at leisure and in a rush."""


def group(
    size: int,
    draining: int,
    *,
    referrer: str | None = None,
    events: int = 12,
    room: str = "",
    scripted: int = 9,
    pace: float = 1,
) -> Tables:
    """``size`` accounts of one device and mail, opened within the hour; of each ten credits the draining spend nine.

    The first ``scripted`` send one template, and in a ``room`` all sit in its prefix; ``pace`` is hours from one
    request to the next.
    """
    names = [f"m{number:02d}" for number in range(size)]
    alone = [f"x{number:03d}" for number in range(OTHERS)]
    accounts: list[dict[str, object]] = [
        {"account_id": name, "created_at": OPENED + timedelta(minutes=number), "plan": "free"}
        | dict.fromkeys(("signup_device_hash", "email_hash"), "shared" if name in names else name)
        | {"referred_by": referrer if name in names else None}
        for number, name in enumerate([*names, *alone])
    ]
    grants = [
        {"grant_id": f"g{name}", "account_id": name, "campaign": "c", "kind": "starter"}
        | {"granted_at": OPENED + timedelta(hours=1), "expires_at": None, "credits": 10.0}
        for name in names
    ]
    usage = [
        {"event_id": f"e{number}", "account_id": name, "occurred_at": OPENED + timedelta(hours=2 + pace * number)}
        | {"category": "standard_chat", "input_tokens": 100, "output_tokens": 50, "status": "ok"}
        | {"template_hash": "exercise" if place < scripted else None, "ip_prefix_hash": room or name, "ip_hash": name}
        | {"grant_id": f"g{name}", "credits": (9.0 if place < draining else 1.0) / events}
        for place, name in enumerate(names)
        for number in range(events)
    ]
    frames = [pl.DataFrame(rows, infer_schema_length=None) for rows in (accounts, grants, usage)]
    return Tables.of(**dict(zip(("accounts", "grants", "usage"), frames, strict=True)))


def signals_of(tables: Tables, name: str = "m00", *, days: float = 10) -> dict[str, float | None]:
    asked = ask([name], OPENED + timedelta(days=days))
    return extract(Past.of(tables).up_to(asked)).row(0, named=True)


def test_a_ring_that_drains_in_a_rush_says_so_for_each_that_it_has() -> None:
    assert signals_of(group(6, draining=6))["close_kin"] == pytest.approx(6 * UNLIKELY - CHANCE)


def test_who_drains_at_leisure_is_told_of_the_draining_alone() -> None:
    slow = signals_of(group(6, draining=6, pace=24), days=20)
    assert slow["close_kin"] == pytest.approx(6 * AT_LEISURE - CHANCE)


def test_a_library_whose_readers_drain_as_people_do_says_nothing() -> None:
    assert signals_of(group(8, draining=3))["shared_device"] is None


@pytest.mark.parametrize("signal", ["close_kin", "drained_kin", "shared_device"])
def test_a_few_who_drain_among_many_who_share_a_machine_say_nothing(signal: str) -> None:
    assert signals_of(group(16, draining=2))[signal] is None


def test_the_closest_kin_is_not_told_where_most_of_the_kin_spend_little() -> None:
    assert signals_of(group(16, draining=2))["closest_kin"] is None


def test_who_stops_short_of_the_last_credit_has_drained_all_the_same() -> None:
    assert signals_of(group(6, draining=6))["shared_device"] == pytest.approx(6 * UNLIKELY - CHANCE)


def test_a_star_of_idle_accounts_is_told_of_whom_they_were_brought_by() -> None:
    star = group(6, draining=0, referrer="m00", events=2)
    assert signals_of(star, "m00", days=20)["referral_star"] == pytest.approx(4.5)


def test_who_was_brought_does_not_answer_for_the_idle() -> None:
    star = group(6, draining=0, referrer="m00", events=2)
    assert signals_of(star, "m01", days=20)["referral_star"] is None


def test_a_star_whose_members_came_to_work_says_nothing() -> None:
    assert signals_of(group(6, draining=0, referrer="m00"), days=20)["referral_star"] is None


def test_nobody_is_idle_in_the_first_fortnight() -> None:
    star = group(6, draining=0, referrer="m00", events=2)
    assert signals_of(star, days=13)["referral_star"] is None


def test_a_friend_who_never_came_is_no_star() -> None:
    assert signals_of(group(2, draining=0, referrer="m00", events=2), days=20)["referral_star"] is None


def test_a_script_without_a_room_in_common_is_told_where_all_drain() -> None:
    assert signals_of(group(6, draining=6))["shared_script"] == pytest.approx(6 * UNLIKELY - CHANCE)


@pytest.mark.parametrize(("draining", "pace"), [(3, 1), (4, 24)])
def test_readers_of_one_tutorial_of_whom_few_drain_say_nothing(draining: int, pace: float) -> None:
    assert signals_of(group(9, draining=draining, pace=pace))["shared_script"] is None


@pytest.mark.parametrize(("room", "told"), [("", 12 * UNLIKELY - CHANCE), ("campus", None)])
def test_a_room_too_large_for_a_young_platform_is_a_room_all_the_same(room: str, told: float | None) -> None:
    assert signals_of(group(24, draining=12, room=room, scripted=12))["shared_script"] == pytest.approx(told)


OF_A_MACHINE = ["shared_device", "closest_kin", "close_kin", "drained_kin"]


@pytest.mark.parametrize("signal", OF_A_MACHINE)
def test_classmates_who_share_machines_are_not_one_hand(signal: str) -> None:
    assert signals_of(group(12, draining=12, room="campus"))[signal] is None


def test_a_few_in_one_room_may_be_one_hand() -> None:
    assert signals_of(group(6, draining=6, room="home"))["shared_device"] == pytest.approx(6 * UNLIKELY - CHANCE)


def test_the_exercise_of_a_room_is_not_the_script_of_who_is_at_home() -> None:
    school = group(20, draining=20, room="campus", scripted=20)
    at_home = pl.col("account_id") >= "m14"
    prefix = pl.when(at_home).then("account_id").otherwise("ip_prefix_hash").alias("ip_prefix_hash")
    assert signals_of(replace(school, usage=school.usage.with_columns(prefix)))["shared_script"] is None


@pytest.mark.parametrize("signal", ["closest_kin", "close_kin", "drained_kin"])
def test_a_family_at_home_that_asks_all_sorts_is_not_one_hand(signal: str) -> None:
    assert signals_of(group(4, draining=4, room="home", scripted=0))[signal] is None


def test_who_pays_on_a_machine_vouches_for_the_others() -> None:
    paid = {"account_id": "m01", "occurred_at": OPENED + timedelta(days=1), "kind": "payment", "amount_usd": 20.0}
    office = replace(group(3, draining=3), billing=Tables.of(billing=pl.DataFrame([paid])).billing)
    assert signals_of(office)["shared_device"] is None


def test_who_pays_among_close_kin_vouches_for_them_all() -> None:
    paid = {"account_id": "m01", "occurred_at": OPENED + timedelta(days=1), "kind": "payment", "amount_usd": 20.0}
    agency = replace(group(6, draining=6), billing=Tables.of(billing=pl.DataFrame([paid])).billing)
    assert signals_of(agency)["closest_kin"] is None


@pytest.mark.parametrize(("early", "pace"), [("m04", 1), ("m03", 24)])
def test_the_other_users_of_a_script_count_who_opened_within_a_fortnight_of_it(early: str, pace: float) -> None:
    farm = group(6, draining=6, pace=pace)
    late = pl.when(pl.col("account_id") < early).then(pl.duration(days=-15)).otherwise(pl.duration(days=0))
    opened = farm.accounts.with_columns(created_at=pl.col("created_at") + late)
    assert signals_of(replace(farm, accounts=opened), "m05")["shared_script"] is None


@pytest.mark.parametrize("signal", OF_A_MACHINE)
def test_a_partner_who_drained_says_nothing_of_who_did_not(signal: str) -> None:
    assert signals_of(group(2, draining=1), "m01")[signal] is None


def test_a_pair_that_drains_is_told() -> None:
    assert signals_of(group(2, draining=2))["shared_device"] == pytest.approx(2 * UNLIKELY - CHANCE)


def test_two_who_drained_are_told_of_a_third_who_did_not_yet() -> None:
    assert signals_of(group(3, draining=2), "m02")["shared_device"] == pytest.approx(3 * doublings(2 / 3) - CHANCE)


@pytest.mark.parametrize(("name", "told"), [("m00", 0.0), ("m01", None)])
def test_how_somebody_asks_is_heard_who_has_spent_a_fifth(name: str, told: float | None) -> None:
    assert signals_of(group(2, draining=1, events=24), name)["input_variation"] == told


@pytest.mark.parametrize(("draining", "told"), [(1, 1.0), (0, 0.0)])
def test_a_deleted_account_is_a_predecessor_where_it_had_drained(draining: int, told: float) -> None:
    pair = group(2, draining=draining)
    second, later = pl.col("account_id") == "m01", timedelta(days=2)
    gone = pl.when(pl.col("account_id") == "m00").then(pl.lit(OPENED + timedelta(days=1))).alias("deleted_at")
    opened = pl.when(second).then(pl.col("created_at") + later).otherwise("created_at").alias("created_at")
    asked = pl.when(second).then(pl.col("occurred_at") + later).otherwise("occurred_at").alias("occurred_at")
    tables = replace(pair, accounts=pair.accounts.with_columns(gone, opened), usage=pair.usage.with_columns(asked))
    assert signals_of(tables, "m01")["deleted_predecessors"] == told


def test_where_no_address_is_known_nobody_is_apart() -> None:
    unplaced = group(6, draining=6)
    usage = unplaced.usage.with_columns(ip_hash=pl.lit(None, pl.String), ip_prefix_hash=pl.lit(None, pl.String))
    assert signals_of(replace(unplaced, usage=usage))["shared_script"] is None


@pytest.mark.parametrize(("draining", "told"), [(2, True), (1, False)])
def test_one_who_begins_when_another_has_spent_takes_turns_where_both_drain(draining: int, *, told: bool) -> None:
    home = group(2, draining=draining, room="home", scripted=0)
    later = pl.when(pl.col("account_id") == "m01").then(pl.duration(days=1)).otherwise(pl.duration(days=0))
    usage = home.usage.with_columns(occurred_at=pl.col("occurred_at") + later)
    assert (signals_of(replace(home, usage=usage), "m01")["cycling"] is not None) == told
