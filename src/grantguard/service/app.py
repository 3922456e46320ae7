"""The application: what a ledger can ask while there is no store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
from fastapi import FastAPI
from pydantic import BaseModel, Field, JsonValue

from grantguard.assessment import assess
from grantguard.checking import check, is_of_another_account, merge_repeats
from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE, Table, Tables
from grantguard.forest import Bundle
from grantguard.service.problems import Refused, install_problems
from grantguard.wire import told

Row = dict[str, JsonValue]


class History(BaseModel):
    """One account's history, inline; nothing of it is stored."""

    account: Row = Field(description="A row of the contract's accounts.")
    grants: list[Row] = Field(default=[], max_length=10_000, description="Rows of grants.")
    usage: list[Row] = Field(default=[], max_length=200_000, description="Rows of usage.")
    billing: list[Row] = Field(default=[], max_length=10_000, description="Rows of billing.")
    at: datetime | None = Field(default=None, description="Read nothing after it; default: the newest event.")


def create_app(bundle: Bundle) -> FastAPI:
    """The service for one bundle."""
    app = FastAPI(
        title="Grantguard",
        version=bundle.version,
        description="Allow, hold or revoke: what a credit ledger should do with an account's promotional grants.",
    )
    install_problems(app)

    @app.get("/healthz", summary="Whether the service answers")
    def healthz() -> dict[str, str]:
        """Say that the service answers, and with which model."""
        return {"status": "ok", "model_version": bundle.version}

    @app.post("/v1/risk/history", summary="A decision about an account whose history is sent along")
    def risk_of_history(history: History) -> dict[str, Any]:
        """Decide about the account from what is sent; nothing is stored.

        Without a store nothing is known of other accounts, so links say nothing.
        """
        tables = _read_tables(history)
        newest = tables.usage["occurred_at"].max()
        at = history.at or (newest if isinstance(newest, datetime) else datetime.now(UTC))
        account_id = tables.accounts["account_id"][0]
        decision = assess(tables, bundle, at.astimezone(UTC), accounts=[account_id]).decision()
        return told(decision)

    return app


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
    texts = {name: [_as_text(row.get(name)) for row in rows] for name in table.schema}
    frame = pl.LazyFrame(texts, schema=dict.fromkeys(table.schema, pl.String)).with_row_index("index")
    checked = check(frame, table, now)
    bad = checked.bad.select("index", "reason").collect()
    if bad.height:
        single = pointer == "/account"
        raise Refused([_point(pointer if single else f"{pointer}/{row}", reason) for row, reason in bad.iter_rows()])
    return merge_repeats(checked.good.collect(), table)


def _point(row: str, reason: str) -> tuple[str, str]:
    """The JSON pointer of the field that a reason names."""
    field, _, rest = reason.partition(": ")
    return (f"{row}/{field}", rest) if rest else (f"{row}/{reason.split(' ', 1)[0]}", reason)


def _as_text(value: JsonValue) -> str | None:
    return value if value is None or isinstance(value, str) else str(value).lower() if value is True else str(value)
