"""The desk: the store, the model in charge and the rules; and accounts assessed from what the store holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from grantguard.assessment import Assessment, Beyond, assess_past
from grantguard.contract import Tables
from grantguard.dated import Dated, Nearby
from grantguard.forest import Bundle
from grantguard.histories import REACH, REACH_OF_RINGS, Own, Past, ask, date_facts
from grantguard.histories.thresholds import find_thresholds
from grantguard.policy import RULES, Rules
from grantguard.settlement.charge import Charge
from grantguard.store.around import read_around, read_lengths, read_nearby
from grantguard.store.database import Database
from grantguard.store.links import find_concerned, write_dated, write_thresholds
from grantguard.store.marks import asking_sharing, mark
from grantguard.store.reading import read_tables

UNCOMMON: Final = ("device", "address", "email", "payment", "referral", "organization", "template", "prompt")
"""Kinds of value by which unread news is sought: a prefix is shared with half a town."""


@dataclass(frozen=True)
class Desk:
    """Where decisions are taken; with ``in_tranches`` the ledger is told how much to let go of a newcomer's credit."""

    database: Database
    charge: Charge
    rules: Rules = RULES
    in_tranches: bool = False


@dataclass(frozen=True)
class Seen:
    """The accounts that are known, assessed, in the order of ``account_ids``; whether decisions bind, tell parts."""

    tables: Tables
    account_ids: list[str]
    assessment: Assessment
    enforce: bool
    in_tranches: bool


MOST_SHARING: Final = 200
"""Accounts with unread news that are read for the sake of one that is asked about, the newest first."""


def assess_stored(desk: Desk, account_ids: list[str], at: datetime, now: datetime, *, with_links: bool = False) -> Seen:
    """Assess accounts from their stored rows; an account without any is left out.

    What their rows say of them is dated on the way, and whoever shares a value that more now share is marked.
    ``with_links`` dates first what nobody has read yet of accounts that share a value with them.
    """
    tables = read_tables(desk.database, account_ids)
    known = _mentioned(tables)
    facts = date_facts(tables)
    # Before our own news marks whom it concerns: they share a value too, and have no rows that nobody read.
    with _asking_sharing(desk.database, facts, known) if with_links else nullcontext(list) as find_sharing:
        own = Own.of(tables)
        dated, sharing = own.date(facts), find_sharing()
    _date(desk.database, dated, known, now)
    if sharing:
        _date(desk.database, Own.of(read_tables(desk.database, sharing)).date(), sharing, now)
    past = Past.assembled(own, read_around(desk.database, known, at, REACH))
    charge = desk.charge.now()
    assessment = assess_past(past, ask(known, at), charge.bundle, desk.rules, _beyond(desk.database, at))
    return Seen(tables, known, assessment, charge.enforce, desk.in_tranches)


def assess_again(desk: Desk, account_ids: list[str], at: datetime, bundle: Bundle) -> Assessment:
    """Assess accounts with any model from what is stored and dated; nothing is written."""
    tables = read_tables(desk.database, account_ids)
    known = _mentioned(tables)
    past = Past.assembled(Own.of(tables), read_around(desk.database, known, at, REACH))
    return assess_past(past, ask(known, at), bundle, desk.rules, _beyond(desk.database, at))


def refresh_thresholds(database: Database) -> None:
    """Find anew where extended context begins, from what all accounts were charged for."""
    thresholds = find_thresholds(read_lengths(database))
    with database.connection() as connection:
        write_thresholds(connection, thresholds)


def _mentioned(tables: Tables) -> list[str]:
    ids = (frame["account_id"] for frame in (tables.accounts, tables.grants, tables.usage, tables.billing))
    return pl.concat(ids).unique().sort().to_list()


def _asking_sharing(
    database: Database, facts: pl.DataFrame, account_ids: list[str]
) -> AbstractContextManager[Callable[[], list[str]]]:
    """Asks for accounts with unread news that share a value with these."""
    values = facts["value"].filter(facts["kind"].is_in(UNCOMMON)).unique().to_list()
    return asking_sharing(database, values, account_ids, MOST_SHARING)


def _date(database: Database, dated: Dated, account_ids: list[str], now: datetime) -> None:
    """Keep what was dated; lost in a crash, it is dated again, since the accounts' own marks go after it."""
    with database.derived() as connection:
        new = write_dated(connection, dated)
        mark(connection, find_concerned(connection, new, account_ids), "links", now)


def _beyond(database: Database, at: datetime) -> Beyond:
    def look(asked: pl.DataFrame) -> Nearby:
        return read_nearby(database, asked["account_id"].to_list(), at, REACH_OF_RINGS)

    def read(account_ids: pl.Series, thresholds: pl.DataFrame) -> Past:
        tables = read_tables(database, account_ids.unique().sort().to_list())
        return Past.apart(Own.of(tables), thresholds)

    return Beyond(look, read)
