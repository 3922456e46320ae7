"""Where decisions are taken and put in force: what is stored is assessed, and what changes is recorded, then told.

Everything here happens as of a ``now`` that the caller gives; a decision, its standing and its message to the ledger
are written in one transaction, or none of them is.
"""

from __future__ import annotations

from grantguard.settlement.appealing import appeal, overturn, require_appeal, uphold
from grantguard.settlement.asking import Question, answer
from grantguard.settlement.charge import Charge, InCharge, may_enforce, promote
from grantguard.settlement.desk import Desk, refresh_thresholds
from grantguard.settlement.expiring import expire
from grantguard.settlement.judging import confirm, judge
from grantguard.settlement.seconding import Judgement, decline
from grantguard.settlement.settling import settle

__all__ = [
    "Charge",
    "Desk",
    "InCharge",
    "Judgement",
    "Question",
    "answer",
    "appeal",
    "confirm",
    "decline",
    "expire",
    "judge",
    "may_enforce",
    "overturn",
    "promote",
    "refresh_thresholds",
    "require_appeal",
    "settle",
    "uphold",
]
