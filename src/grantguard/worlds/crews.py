"""What gaming accounts of one ring have in common: devices, exits, scripts, and how well they hide it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grantguard.worlds.ledger import GAINS
from grantguard.worlds.lives import Grant, Habits, Life, ask, draw_habits
from grantguard.worlds.people import STARTER, open_account
from grantguard.worlds.rhythms import drain
from grantguard.worlds.stage import DAY, HOUR, Client, Place, Stage

TIDY = 0.8
"""How likely a crew is tidy, times stealth."""


@dataclass
class Crew:
    """One hand behind several accounts."""

    code: str
    ring: int
    devices: list[int]
    places: list[Place]
    script: Habits
    spread: float
    """How far each account's sizes lie from the script's, in natural logarithms."""
    leaves: float = 0.0
    """The share of a grant that each account leaves at most."""

    def recruit(self, stage: Stage, created: float, number: int) -> Life:
        """The ring's next account."""
        place, device = self.places[number % len(self.places)], self.devices[number % len(self.devices)]
        life = open_account(stage, self.code, created=created, place=place, device=device)
        life.role, life.ring = "abuse", self.ring
        life.leaves = self.leaves * stage.between(0.4, 1)
        return life

    def habits(self, stage: Stage) -> Habits:
        """The script, as one account runs it."""
        own = replace(self.script, sent=self.script.sent + stage.rng.normal(0, self.spread))
        own.delivered += stage.rng.normal(0, self.spread)
        if stage.hides() and stage.hides():
            own.template = stage.key()
        return own


def gather(stage: Stage, code: str, size: int, client: Client | None = None) -> Crew:
    """A crew for so many accounts: blatant crews share one device and exit, hidden ones hardly any.

    A tidy crew shares nothing, whatever else it does: only conduct and money give it away.
    """
    devices, exits = (max(1, round(size * stage.easing(1.5 / size, 0.9))) for _ in range(2))
    if stage.chance(TIDY * stage.stealth):
        devices = exits = size
    script = draw_habits(stage, client or stage.client())
    script.sent_spread = stage.easing(0.03, 0.6)
    script.delivered_spread = stage.easing(0.08, 0.7)
    script.template_share, script.repeats = stage.easing(0.98, 0.6), stage.easing(0.5, 0.08)
    if script.client.template is None and not stage.hides():
        script.template = stage.key()
    places = [stage.hosting() if stage.chance(0.5) else stage.home() for _ in range(exits)]
    if stage.hides():
        places = [stage.mobile() if stage.chance(0.4) else place for place in places]
    leaves = stage.between(0.1, 0.5) if stage.hides() else 0.0
    own = [stage.key() for _ in range(devices)]
    return Crew(code, stage.key(), own, places, script, stage.easing(0.05, 0.8), leaves)


def farm_size(stage: Stage, room: int) -> int:
    """Accounts of a farm: half of them have more than nineteen, one in ten more than forty-seven."""
    return int(np.clip(np.exp(stage.rng.normal(np.log(19), 0.6)), 4, max(4, min(room, 80))))


def opening_times(stage: Stage, size: int) -> list[float]:
    """When a ring's accounts open: gaps of seconds to days, as rings of grant farmers have."""
    gaps = stage.rng.lognormal(stage.between(4, 9), 2.0, size).clip(5, 4 * DAY)
    begins = stage.opens + stage.between(1, stage.days * 0.7) * DAY
    return [float(min(time, stage.closes - 3 * DAY)) for time in begins + np.cumsum(gaps)]


def give(life: Life, at: float, *, kind: str = "starter", campaign: str = "welcome", size: float = STARTER) -> Grant:
    """A grant, given at a moment."""
    grant = Grant(kind, campaign, at, size, at + 30 * DAY)
    life.grants.append(grant)
    return grant


def price_of(habits: Habits) -> float:
    """The mean charge of a request by these habits, roughly."""
    answer = np.exp(habits.delivered + habits.delivered_spread**2 / 2) / 2_000
    short = np.exp(habits.sent + habits.sent_spread**2 / 2) / 10_000 + answer
    long = np.exp(habits.long_sent) / 10_000 + answer
    gain = float(np.dot(habits.uses, GAINS[1:])) / sum(habits.uses)
    return float((1 - habits.long_share) * short / gain + habits.long_share * long / GAINS[0])


def spend(
    stage: Stage, life: Life, habits: Habits, begins: float, credits_wanted: float, hours: float, most: int = 700
) -> float:
    """Requests that spend about so many credits over about so many hours; gives the time of the last one."""
    count = int(np.clip(credits_wanted / max(price_of(habits), 0.02), 4, most))
    at, sessions = drain(stage, begins, count, hours, habits.humanity)
    where, devices = np.full(len(at), life.at_place(life.place)), np.full(len(at), life.device)
    ask(stage, life, habits, at, where, devices, sessions)
    return float(at[-1])


def costlier(habits: Habits, credits_wanted: float, most: int = 500) -> Habits:
    """The habits, with answers long enough that ``most`` requests spend the credits."""
    lacking = credits_wanted / most / max(price_of(habits), 1e-3)
    return replace(habits, delivered=habits.delivered + max(0.0, float(np.log(lacking)))) if lacking > 1 else habits


HOURS_OF_A_DRAIN = (0.6, 24 * 9.0)
"""How long a grant lasts a farm: under an hour when blatant, more than a week when hidden."""


def minutes(low: float, high: float, stage: Stage) -> float:
    """Some minutes, in seconds."""
    return stage.between(low, high) * HOUR / 60
