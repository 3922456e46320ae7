"""How unusual an account is: trees give places, leaves carry values, paths give reasons."""

from __future__ import annotations

from grantguard.forest.bundle import Bundle, pack, unpack
from grantguard.forest.calibration import Calibration, stratum_of
from grantguard.forest.compiled import CompiledForest
from grantguard.forest.detector import RiskForest
from grantguard.forest.reasons import give_reasons, sum_by_kind
from grantguard.forest.scale import Scale

__all__ = [
    "Bundle",
    "Calibration",
    "CompiledForest",
    "RiskForest",
    "Scale",
    "give_reasons",
    "pack",
    "stratum_of",
    "sum_by_kind",
    "unpack",
]
