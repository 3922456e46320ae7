"""Simulated populations: genuine people, their look-alikes, and every known technique, with the truth apart.

``simulate(2_000, seed=3)`` gives a ``World``. Worlds are for measuring and for teaching, never for output.
"""

from __future__ import annotations

from grantguard.worlds.cohorts import COHORTS
from grantguard.worlds.neighbours import NEIGHBOURS
from grantguard.worlds.population import World, simulate
from grantguard.worlds.techniques import TECHNIQUES

__all__ = ["COHORTS", "NEIGHBOURS", "TECHNIQUES", "World", "simulate"]
