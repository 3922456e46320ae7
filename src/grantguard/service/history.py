"""A decision about a history that is sent along; nothing is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
from fastapi import APIRouter

from grantguard.assessment import assess
from grantguard.checking import check, is_of_another_account, merge_repeats
from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE, Table, Tables
from grantguard.forest import Bundle
from grantguard.keeping.rows import NotFlat, as_frame, point
from grantguard.service.problems import Refused
from grantguard.service.shapes import History, Row
from grantguard.vocabulary import Decision
from grantguard.wire import told


def add_history(router: APIRouter, bundle: Bundle) -> None:
    """Add ``POST /v1/risk/history``."""

    @router.post(
        "/v1/risk/history",
        summary="A decision about an account whose history is sent along",
        response_model=Decision,
    )
    def risk_of_history(history: History) -> Any:  # noqa: ANN401 - the contract's Decision
        """Decide about the account from what is sent; nothing is stored.

        Nothing is known of other accounts, so links say nothing.
        """
        tables = _read_tables(history)
        newest = tables.usage["occurred_at"].max()
        at = history.at or (newest if isinstance(newest, datetime) else datetime.now(UTC))
        account_id = tables.accounts["account_id"][0]
        return told(assess(tables, bundle, at.astimezone(UTC), accounts=[account_id]).decision())


def _read_tables(history: History) -> Tables:
    now = datetime.now(UTC)
    sent = {
        ACCOUNTS: ([history.account], "/account"),
        GRANTS: (history.grants, "/grants"),
        USAGE: (history.usage, "/usage"),
        BILLING: (history.billing, "/billing"),
    }
    frames = {table.name: _read_rows(rows, table, pointer, now) for table, (rows, pointer) in sent.items()}
    strangers = is_of_another_account(frames["grants"], frames["usage"])
    if strangers.any():
        row = strangers.arg_true()[0]
        raise Refused([(f"/usage/{row}/grant_id", "was given to another account")])
    return Tables.of(**frames)


def _read_rows(rows: list[Row], table: Table, pointer: str, now: datetime) -> pl.DataFrame:
    if not rows:
        return table.empty()
    try:
        frame = as_frame(rows, table)
    except (NotFlat, UnicodeEncodeError):
        raise Refused([(pointer, "a row's values are single, and texts are whole")]) from None
    checked = check(frame.with_row_index("index").lazy(), table, now)
    bad = checked.bad.select("index", "reason").collect()
    if bad.height:
        places = {row: pointer if pointer == "/account" else f"{pointer}/{row}" for row in bad["index"]}
        told_of = [(places[row], *point(reason)) for row, reason in bad.iter_rows()]
        raise Refused([(place + field, why) for place, field, why in told_of])
    return merge_repeats(checked.good.collect(), table)
