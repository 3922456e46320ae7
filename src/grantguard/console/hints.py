"""What a reason may hint at: the technique that leaves this trace most often. A hint is where to look, no verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from grantguard.forest import SPEAKING
from grantguard.vocabulary import Family
from grantguard.worlds import TECHNIQUES

_TRACES: Final = {
    "T1": ("cycling",),
    "T2": ("deleted_predecessors", "deletion_when_dry"),
    "T3": ("joined_within_hour", "twins", "joined_within_days", "first_use_wait", "gap_repetition"),
    "T5": ("hand_over", "appetite_change", "habit_change"),
    "T6": ("drained_kin", "overlap"),
    "T7": ("overlap_elsewhere", "place_alternation", "places_per_day", "clients_per_day", "networks"),
    "T8": ("shared_script", "template_repetition"),
    "T9": ("strange_hands",),
    "T10": ("probing", "models_tried"),
    "T11": ("grant_stacking", "campaigns_claimed"),
    "T12": ("referral_star", "referral_income"),
    "T14": ("expiry_dump",),
    "T15": ("round_the_clock", "daily_rest"),
    "T16": ("day_sameness", "start_spread"),
    "T19": ("aged_for_a_grant",),
    "T20": ("compensations",),
    "T21": ("threshold_hugging", "multiplier_gain", "dearest_share", "padding_repetition", "long_input_yield"),
    "T22": ("milestone_washing", "filler"),
    "T23": ("stuffed_seats",),
    "T24": ("refunds_when_dry", "subscription_rounds", "refunded_share"),
}
_NAMES: Final = {each.code: each.name for each in TECHNIQUES}

HINTS: Final = {signal: _NAMES[code] for code, signals in _TRACES.items() for signal in signals}
"""By signal, the name of the technique; a signal that many techniques move hints at none."""

FAMILY_OF: Final[dict[str, Family]] = {each.name: each.family for each in SPEAKING}


def hint_at(signals: Iterable[str]) -> str | None:
    """What the strongest reason that hints at anything hints at."""
    return next((HINTS[name] for name in signals if name in HINTS), None)
