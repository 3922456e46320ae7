"""Looking again when a decision said so: its time has come, though nothing was heard of the account."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from grantguard.store.database import Database
from grantguard.store.marks import mark
from grantguard.store.risks import take_overdue

AT_ONCE: Final = 500
"""Accounts that are marked at a time."""


def recheck(database: Database, now: datetime, limit: int = AT_ONCE) -> int:
    """Mark the accounts whose recheck has come, to be scored as if they had news; how many there were.

    News beyond a recheck's credits needs no help: whatever is ingested marks its account.
    """
    with database.connection() as connection:
        overdue = take_overdue(connection, now, limit)
        mark(connection, overdue, "recheck", now)
    return len(overdue)
