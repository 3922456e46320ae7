"""Genuine people who leave the same traces, and what would tell them apart: to be ruled out before a verdict."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from grantguard.worlds import COHORTS

SHOWN: Final = 3
"""Look-alikes that are shown at most."""


@dataclass(frozen=True)
class Lookalike:
    """Who it might be, which signals they move too, and what would tell the two apart."""

    name: str
    signals: tuple[str, ...]
    apart: str


_NAMES: Final = {each.code: each.name for each in COHORTS}

LOOKALIKES: Final = tuple(
    Lookalike(_NAMES[code], signals, apart)
    for code, signals, apart in (
        (
            "H1",
            ("joined_within_hour", "joined_within_days", "shared_address", "first_day_burn", "first_use_wait"),
            (
                "People of a hackathon write inputs of all lengths, pause like people and rarely spend all of a grant;"
                " ask whether one was registered for the campaign."
            ),
        ),
        (
            "H2",
            (
                "twins",
                "shared_address",
                "joined_within_hour",
                "template_repetition",
                "shared_script",
                "prompt_repetition",
            ),
            (
                "A class shares its room and its exercise, spends little of its credit, works in sessions and comes"
                " back from week to week."
            ),
        ),
        (
            "H3",
            ("shared_address", "networks", "place_alternation", "joined_within_days"),
            "Behind a campus or a carrier nothing is shared but the address: devices, scripts and habits differ.",
        ),
        (
            "H4",
            ("shared_address", "shared_script", "close_kin", "stuffed_seats"),
            "Colleagues have one organization, steady days of work, and usually somebody who pays.",
        ),
        (
            "H5",
            ("round_the_clock", "gap_variation", "gap_repetition", "lone_requests", "daily_rest"),
            "A pipeline runs one client from one place, follows somebody's commits, and goes on when it must pay.",
        ),
        (
            "H6",
            ("drain_time", "first_day_burn", "overlap", "spent_grants", "appetite_change"),
            "A power user drains a grant in deep sessions with long answers, and stays when it is spent.",
        ),
        (
            "H7",
            ("template_repetition", "models_tried", "prompt_repetition", "busiest_minute"),
            "A benchmark is one burst of one account, with one template over many models, and then it is over.",
        ),
        (
            "H8",
            ("place_alternation", "places_per_day", "networks", "overlap_elsewhere"),
            "A traveller changes places one after the other: two at the same time are two people.",
        ),
        (
            "H9",
            ("overlap", "strange_hands", "round_the_clock", "input_variation"),
            "A startup's backend always calls from the same servers with one client, and grows with its users.",
        ),
        (
            "H10",
            ("gap_repetition", "start_spread", "day_sameness", "round_the_clock", "input_repetition"),
            "A nightly batch begins and ends, skips days, and its inputs differ from run to run.",
        ),
        (
            "H11",
            ("shared_email", "joined_within_days"),
            "Private mail hides an address and nothing else: look for a device, a card or a script that is shared too.",
        ),
        (
            "H12",
            ("shared_device", "shared_payment", "close_kin", "closest_kin", "grant_stacking"),
            "An agency's accounts are used at the same time for different work, and its clients go on paying.",
        ),
        (
            "H13",
            ("shared_device", "closest_kin", "cycling", "drained_neighbours"),
            "In a family the accounts overlap in time, ask for different things, and none begins where another ends.",
        ),
        (
            "H14",
            ("silence_when_dry", "first_day_burn", "milestone_washing"),
            "A visitor who tried it once and never returned left most of the grant unspent and no link to anybody.",
        ),
        (
            "H15",
            ("probing", "filler", "clients_per_day", "hand_over"),
            "Early users of a new client are many, unrelated, and stay with it.",
        ),
    )
)


def find_lookalikes(signals: Collection[str]) -> tuple[Lookalike, ...]:
    """Those who move most of these signals, the likeliest first."""
    matched = [(len(set(each.signals) & set(signals)), each) for each in LOOKALIKES]
    likely = sorted((each for each in matched if each[0]), key=lambda each: -each[0])
    return tuple(each for _, each in likely[:SHOWN])
