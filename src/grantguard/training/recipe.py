"""How a forest is made: every number, each with its sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grantguard.signals import CATALOGUE

SIGNS = np.array([1.0 if each.suspicious == "high" else -1.0 for each in CATALOGUE])

HEARD = {"links": 4, "lifecycle": 2}
"""Chances of a split that each signal of a family has, others one. Much conduct is odd and honest: what accounts share,
and what they do with grants, decides oftener."""

CROWDS = ("twins", "joined_within_hour", "joined_within_days")
"""Links that a class, a workshop and a launch make as surely as a farm does: heard once."""

CHANCES = np.array([1 if each.name in CROWDS else HEARD.get(each.family, 1) for each in CATALOGUE])

SHARP, LOUDER = 0.45, {"links": 1.5}
"""How many spreads of the reference's scores a power of ten of a signal adds, where it is among an account's rarest;
times so much in a family. Nobody hides every trace: what is left of a ring is one or two values that none other has."""

LOUDNESS = SHARP * np.array([LOUDER.get(each.family, 1.0) for each in CATALOGUE])


@dataclass(frozen=True)
class Recipe:
    """How a forest is made."""

    seed: int = 0
    trees: int = 200
    sample: int = 2048
    most_of_a_ring: int = 3
    """Members of one ring that the reference takes at most: a farm cannot vouch for itself."""
    most_accounts: int = 20_000
    """Accounts that the reference takes at most, drawn by a hash of their ring."""
    trimmed: float = 0.02
    """The share of the unpaid reference, its most suspicious by a first forest, that is left out of it."""
    least: int = 50
    """Accounts that each half of the reference needs."""
    schooled: bool = True
    """Teach the forest with simulated techniques and look-alikes before any reviewer does."""
    schools: int = 6
    """Simulated worlds that teach, each with its own seed and, in turn, stealth: of fewer, chance is learnt too."""
    pupils: int = 900
    """Accounts in each of them."""
    plain: int = 1200
    """Reference accounts that stand among the lessons as genuine."""
