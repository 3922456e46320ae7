"""Every technique of the field guide, with the hand that plays it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grantguard.worlds import farming, misuse
from grantguard.worlds.lives import Life
from grantguard.worlds.stage import Stage


@dataclass(frozen=True)
class Technique:
    """A technique: its code, its name, and what makes a ring of it with room for so many accounts."""

    code: str
    name: str
    make: Callable[[Stage, int], list[Life]]


TECHNIQUES = (
    Technique("T1", "sequential trial cycling", farming.cycle_trials),
    Technique("T2", "delete and recreate", farming.recreate),
    Technique("T3", "scripted sign-up farm", farming.farm),
    Technique("T4", "play and run", misuse.run_up_bills),
    Technique("T5", "sale of aged accounts", misuse.sell_accounts),
    Technique("T6", "account pool behind a relay", farming.pool),
    Technique("T7", "one account resold to many", misuse.share_key),
    Technique("T8", "hydra for distillation", farming.hydra),
    Technique("T9", "stolen key", misuse.steal_keys),
    Technique("T10", "key checking", misuse.check_keys),
    Technique("T11", "coupon stacking", farming.stack_coupons),
    Technique("T12", "referral self-farming", farming.refer_oneself),
    Technique("T13", "eligibility fraud", misuse.fake_eligibility),
    Technique("T14", "credit brokerage", misuse.broker),
    Technique("T15", "bulk compute on free credit", farming.mine),
    Technique("T16", "cap-hugging", farming.hug_caps),
    Technique("T17", "shell companies", farming.found_shells),
    Technique("T18", "a seat's quota as an interface", misuse.tap_a_seat),
    Technique("T19", "aged sybils", farming.age_accounts),
    Technique("T20", "goodwill farming", misuse.farm_goodwill),
    Technique("T21", "multiplier arbitrage", farming.arbitrage),
    Technique("T22", "milestone washing", farming.wash_milestones),
    Technique("T23", "seat stuffing", farming.stuff_seats),
    Technique("T24", "refund cycle", farming.cycle_refunds),
)
