"""How a forest comes to be: its reference, its schooling, its calibration, and what verdicts teach it."""

from __future__ import annotations

from grantguard.training.facts import describe_accounts, fingerprint, is_silent, spread_verdicts
from grantguard.training.growing import train
from grantguard.training.learning import TEACHING, learn
from grantguard.training.recipe import CHANCES, NAMES, SIGNS, Recipe
from grantguard.training.reference import assign_roles
from grantguard.training.schooling import without_technique

__all__ = [
    "CHANCES",
    "NAMES",
    "SIGNS",
    "TEACHING",
    "Recipe",
    "assign_roles",
    "describe_accounts",
    "fingerprint",
    "is_silent",
    "learn",
    "spread_verdicts",
    "train",
    "without_technique",
]
