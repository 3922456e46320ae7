"""A newcomer's credit is let go in tranches: the next when most of the last is spent, or its time is over.

Only for ledgers that can let go of a part and want to be told. Who stops being a newcomer, or is vouched for by a
person, is let have the rest, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from grantguard.settlement.desk import Seen
from grantguard.store.database import Connection
from grantguard.store.tranches import Given, find_given
from grantguard.vocabulary import Tranche

SPENT_ENOUGH: Final = 0.5
"""Share of a tranche after which the next is given: who spends steadily need not wait for it."""


def find_due(connection: Connection, seen: Seen, rows: Sequence[int], now: datetime) -> dict[int, Tranche]:
    """By row, the tranche that is due to an account if it is allowed; nothing where the ledger wants none."""
    if not seen.in_tranches:
        return {}
    given = find_given(connection, [seen.account_ids[row] for row in rows])
    facts = {row: seen.assessment.decided.row(row, named=True) for row in rows}
    due = {row: next_tranche(facts[row], given.get(seen.account_ids[row]), now) for row in rows}
    return {row: tranche for row, tranche in due.items() if tranche is not None}


def next_tranche(facts: Mapping[str, Any], given: Given | None, now: datetime) -> Tranche | None:
    """The tranche that an allowed account's ledger is to be told now; None: nothing new.

    ``facts`` is the account's row of ``Assessment.decided``, ``given`` what its ledger was last told.
    """
    if facts["tranche"] is None:
        return None if given is None or given.credits is None else Tranche(None, None)
    is_due = given is None or _is_used_up(given, facts["promo_credits_spent"], now)
    return Tranche(facts["tranche"], facts["recheck_at"]) if is_due and facts["open_grants"] else None


def _is_used_up(given: Given, spent: float, now: datetime) -> bool:
    if given.credits is None or given.until is None:  # all was let go of, and is not taken back
        return False
    return given.until <= now or spent - given.spent >= given.credits * SPENT_ENOUGH
