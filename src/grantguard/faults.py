"""Faults of the data: a column that says the same of nearly everybody says nothing of anybody.

A gateway that forwards its own address puts every account behind one "client"; read as it stands, origin and links
would be nonsense. Such a column is read as not known: silence says nothing, and the family that lives on it is off.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from grantguard.contract import Tables

COLUMNS = {
    "usage": ("ip_hash", "ip_prefix_hash", "device_hash", "session_id", "prompt_hash"),
    "accounts": (
        "signup_ip_hash",
        "signup_ip_prefix_hash",
        "signup_device_hash",
        "email_hash",
        "payment_hash",
    ),
}
"""Columns that tell people apart."""

FOLLOWING = {"ip_hash": ("ip_prefix_hash", "network", "country"), "signup_ip_hash": ("signup_ip_prefix_hash",)}
"""Columns that are made of another, and as wrong as it is."""

ONE_FOR_ALL = 0.5
"""The share of accounts that one value may have; beyond it the column is at fault."""

LEAST_ACCOUNTS = 100
"""Accounts that must show a column before it can be judged: a classroom may well share one address."""

CLEAR_BELOW, LEAST_TO_CLEAR = 0.35, 400
"""A share that is this low among so many accounts, drawn by chance, is not above ``ONE_FOR_ALL`` among all of them."""


@dataclass(frozen=True)
class Fault:
    """A column in which ``share`` of ``accounts`` show one and the same value."""

    table: str
    column: str
    accounts: int
    share: float

    def __str__(self) -> str:
        """What is wrong, and what to do."""
        return (
            f"{self.table}.{self.column}: {self.share:.0%} of {self.accounts:,} accounts show one value, as behind a"
            " proxy; it is read as not known, and what rests on it is silent: mend the source"
        )


def find_faults(tables: Tables) -> tuple[Fault, ...]:
    """The columns that show one value for more than ``ONE_FOR_ALL`` of the accounts."""
    measured = _measure(tables, LEAST_ACCOUNTS)
    return tuple(each for each in measured if each.accounts >= LEAST_ACCOUNTS and each.share > ONE_FOR_ALL)


def find_suspects(tables: Tables) -> tuple[Fault, ...]:
    """The columns that some accounts, drawn by chance from all, cannot clear."""
    measured = _measure(tables, LEAST_TO_CLEAR)
    return tuple(each for each in measured if each.accounts < LEAST_TO_CLEAR or each.share > CLEAR_BELOW)


def _measure(tables: Tables, least: int) -> list[Fault]:
    """Every column, with the largest share of one value where ``least`` accounts show it, and none where fewer do."""
    return [_judge(getattr(tables, table), table, name, least) for table, names in COLUMNS.items() for name in names]


def _judge(frame: pl.DataFrame, table: str, column: str, least: int) -> Fault:
    shown = frame.lazy().filter(pl.col(column).is_not_null()).select("account_id", column)
    accounts = shown.select(pl.col("account_id").n_unique()).collect().item()
    if accounts < least:
        return Fault(table, column, accounts, 0.0)
    holders = shown.group_by(column).agg(pl.col("account_id").n_unique()).select(pl.col("account_id").max())
    return Fault(table, column, accounts, holders.collect().item() / accounts)


def leave_out(tables: Tables, faults: tuple[Fault, ...]) -> Tables:
    """The tables with the columns at fault, and those made of them, not known."""
    wrong = {(fault.table, name) for fault in faults for name in (fault.column, *FOLLOWING.get(fault.column, ()))}
    frames = {}
    for table in {table for table, _ in wrong}:
        frame: pl.DataFrame = getattr(tables, table)
        silent = [pl.lit(None, frame.schema[name]).alias(name) for place, name in wrong if place == table]
        frames[table] = frame.with_columns(silent)
    return Tables.of(**(vars(tables) | frames))
