"""How much must be read around an account, so that what is read of it is exact."""

from __future__ import annotations

from grantguard.dated import Reach
from grantguard.histories.bursts import LESSENED
from grantguard.histories.kin import COMMON, FEW

KIN_ALONE = ("template", "prompt", "prefix", "organization")
"""Kinds that pairs of kin alone are made of: one holder more than ``FEW`` makes a hub, whatever the rest."""

REACH = Reach(
    most_holders={kind: FEW[kind] + 1 for kind in KIN_ALONE},
    # A device or card of so many says nothing any more; of twins, so many are counted at most.
    most_of_others=20_000,
    most_arrivals=round(max(FEW.values()) / COMMON),
    kinds_of_bursts=LESSENED,
)
"""What ``Past.assembled`` needs."""
