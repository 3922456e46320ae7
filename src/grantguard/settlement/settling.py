"""Scoring on news: marked accounts are assessed, and what changes is decided."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import polars as pl
import structlog

from grantguard.errors import StoreError
from grantguard.settlement.desk import Desk, Seen, assess_stored
from grantguard.settlement.forcing import force_changes
from grantguard.store.marks import Mark, let_go, mark, take_marked, unmark

AT_ONCE: Final = 500
"""Accounts that are assessed together."""

LEASE: Final = timedelta(seconds=30)
"""How long a worker has for them; when it dies, another takes them after that. One that is slower has worked in vain at
worst: what it would decide is decided by then, and changes nothing."""

log = structlog.get_logger()


def settle(desk: Desk, now: datetime, limit: int = AT_ONCE) -> int:
    """Take and assess up to ``limit`` marked accounts; how many were taken. Several may do so at once."""
    with desk.database.connection() as connection:
        marks = take_marked(connection, limit, now, LEASE)
    try:
        _settle(desk, marks, now)
    except StoreError:
        _let_go(desk, marks)
        raise
    return len(marks)


def _let_go(desk: Desk, marks: tuple[Mark, ...]) -> None:
    """Let others have what the store kept us from; where it is away altogether, its time runs out."""
    with suppress(StoreError), desk.database.connection() as connection:
        let_go(connection, marks)


def _settle(desk: Desk, marks: tuple[Mark, ...], now: datetime) -> None:
    """Assess together; where that fails, by halves, so that one account cannot stop the others."""
    if not marks:
        return
    try:
        _assess(desk, marks, now)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must stay that account's own
        if len(marks) == 1:  # it keeps its mark, and is tried again after all others
            log.error("not_settled", error=type(error).__name__)  # noqa: TRY400 - a traceback may hold its rows
            return
        half = len(marks) // 2
        _settle(desk, marks[:half], now)
        _settle(desk, marks[half:], now)


def _assess(desk: Desk, marks: tuple[Mark, ...], now: datetime) -> None:
    seen = assess_stored(desk, [mark.account_id for mark in marks], now, now)
    with desk.database.connection() as connection:
        forced = force_changes(connection, seen, now)
        unmark(connection, marks)
    concerned = _find_company(seen, [each.account_id for each in forced if each.action != "allow"])
    if concerned:
        # Apart, so that nobody who has a mark waits for another's; lost in a crash, a recheck makes up for it.
        with desk.database.connection() as connection:
            mark(connection, concerned, "company", now)


def _find_company(seen: Seen, account_ids: list[str]) -> list[str]:
    """Who stands near one of the accounts, and was not seen together with it: what it does, they may."""
    near = seen.assessment.near.filter(pl.col("account_id").is_in(account_ids))
    return near.filter(~pl.col("other").is_in(seen.account_ids))["other"].unique().to_list()
