"""Where decisions are taken and put in force: what is stored is assessed, and what changes is recorded, then told.

Everything here happens as of a ``now`` that the caller gives; a decision, its standing and its message to the ledger
are written in one transaction, or none of them is.
"""

from __future__ import annotations

from grantguard.settlement.appealing import appeal, overturn, require_appeal, uphold
from grantguard.settlement.asking import Question, answer, require_known
from grantguard.settlement.charge import Charge, InCharge, may_enforce, promote
from grantguard.settlement.desk import Desk, assess_again, refresh_thresholds
from grantguard.settlement.expiring import expire
from grantguard.settlement.judging import confirm, judge
from grantguard.settlement.rechecking import recheck
from grantguard.settlement.seconding import Judgement, decline
from grantguard.settlement.settling import settle
from grantguard.settlement.stating import Statement, state

__all__ = [
    "Charge",
    "Desk",
    "InCharge",
    "Judgement",
    "Question",
    "Statement",
    "answer",
    "appeal",
    "assess_again",
    "confirm",
    "decline",
    "expire",
    "judge",
    "may_enforce",
    "overturn",
    "promote",
    "recheck",
    "refresh_thresholds",
    "require_appeal",
    "require_known",
    "settle",
    "state",
    "uphold",
]
