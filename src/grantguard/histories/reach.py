"""How much must be read around an account, so that what is read of it is exact."""

from __future__ import annotations

from grantguard.dated import Reach
from grantguard.histories.bursts import LESSENED
from grantguard.histories.kin import COMMON, FEW
from grantguard.histories.ties import PAIRS_ALONE

REACH = Reach(
    # One holder more than ``FEW`` makes a hub, whatever the rest.
    most_holders={kind: FEW[kind] + 1 for kind in PAIRS_ALONE},
    # A device or card of so many says nothing any more; of twins, so many are counted at most.
    most_of_others=20_000,
    most_arrivals=round(max(FEW.values()) / COMMON),
    kinds_of_bursts=LESSENED,
)
"""What ``Past.assembled`` needs."""

REACH_OF_RINGS = Reach(
    most_holders={kind: few + 1 for kind, few in FEW.items()},
    most_of_others=0,
    most_arrivals=0,
    kinds_of_bursts=(),
)
"""What ``follow_rings`` needs: who has what in common that makes kin, and nothing else."""
