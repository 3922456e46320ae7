"""How a forest comes to be: its reference, its schooling, its calibration, and what verdicts teach it."""

from __future__ import annotations

from grantguard.signals import NAMES
from grantguard.training.fingerprints import fingerprint, name_data
from grantguard.training.growing import grow, train
from grantguard.training.learning import TEACHING, learn, spread_examples
from grantguard.training.population import Known, Population, round_signals
from grantguard.training.recipe import CHANCES, SIGNS, Recipe
from grantguard.training.reference import DRAWN_BY, assign_roles
from grantguard.training.schooling import without_technique

__all__ = [
    "CHANCES",
    "DRAWN_BY",
    "NAMES",
    "SIGNS",
    "TEACHING",
    "Known",
    "Population",
    "Recipe",
    "assign_roles",
    "fingerprint",
    "grow",
    "learn",
    "name_data",
    "round_signals",
    "spread_examples",
    "train",
    "without_technique",
]
