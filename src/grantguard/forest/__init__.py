"""How unusual an account is: trees give places, leaves carry values, paths give reasons."""

from __future__ import annotations

from grantguard.forest.baseline import Baseline
from grantguard.forest.bundle import Bundle, pack, repack, unpack
from grantguard.forest.calibration import Calibration, stratum_of
from grantguard.forest.company import COMPANY, SPEAKING, Company, add_up, rate, rate_alone, score_together
from grantguard.forest.compiled import CompiledForest
from grantguard.forest.detector import RiskForest
from grantguard.forest.feedback import FOLDS, VERDICT, Lessons, balance, choose_pull, scale_weight, teach
from grantguard.forest.reasons import give_reasons, sum_by_kind, weigh_evidence
from grantguard.forest.scale import Scale

__all__ = [
    "COMPANY",
    "FOLDS",
    "SPEAKING",
    "VERDICT",
    "Baseline",
    "Bundle",
    "Calibration",
    "Company",
    "CompiledForest",
    "Lessons",
    "RiskForest",
    "Scale",
    "add_up",
    "balance",
    "choose_pull",
    "give_reasons",
    "pack",
    "rate",
    "rate_alone",
    "repack",
    "scale_weight",
    "score_together",
    "stratum_of",
    "sum_by_kind",
    "teach",
    "unpack",
    "weigh_evidence",
]
