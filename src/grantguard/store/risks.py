"""The newest risk of every account: what is answered at once, and what the queue is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Final

import polars as pl
from psycopg.rows import class_row

from grantguard.store.database import Connection, Database
from grantguard.vocabulary import Action, Status


@dataclass(frozen=True)
class Rated:
    """An account's risk as of ``at``, the action that follows, and the decision where one was recorded.

    At ``recheck_at`` it is looked at again, whether or not anything was heard of it.
    """

    account_id: str
    at: datetime
    status: Status
    risk: float | None
    p_value: float | None
    ring_id: str | None
    action: Action
    promo_credits_spent: float
    promo_credits_left: float
    model_version: str
    decision_id: str | None
    recheck_at: datetime | None = None


NAMES: Final = tuple(field.name for field in fields(Rated))
READ: Final = f"SELECT {', '.join(NAMES)} FROM risks "  # noqa: S608 - the names above
KEEP: Final = f"""
    INSERT INTO risks ({", ".join(NAMES)}) VALUES ({", ".join(["%s"] * len(NAMES))})
    ON CONFLICT (account_id) DO UPDATE
    SET ({", ".join(NAMES)}) = ({", ".join(f"excluded.{name}" for name in NAMES)}) WHERE risks.at <= excluded.at
"""  # noqa: S608 - the names above


def keep_risks(connection: Connection, rated: Iterable[Rated]) -> None:
    """Keep each risk unless a newer one is kept already."""
    in_order = sorted(rated, key=lambda each: each.account_id)
    with connection.cursor() as cursor:
        cursor.executemany(KEEP.encode(), [astuple(each) for each in in_order])


def find_risk(connection: Connection, account_id: str) -> Rated | None:
    """The newest risk of an account, as it was kept."""
    with connection.cursor(row_factory=class_row(Rated)) as cursor:
        return cursor.execute((READ + "WHERE account_id = %s").encode(), [account_id]).fetchone()


def take_overdue(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Up to ``limit`` accounts with credit left whose recheck has come, the longest overdue first, each once."""
    taking = """
        UPDATE risks SET recheck_at = NULL FROM (
            SELECT account_id FROM risks WHERE promo_credits_left > 0 AND recheck_at <= %s
            ORDER BY recheck_at, account_id LIMIT %s FOR UPDATE SKIP LOCKED
        ) AS overdue
        WHERE risks.account_id = overdue.account_id RETURNING risks.account_id
    """
    return [account_id for (account_id,) in connection.execute(taking, [now, limit])]


def find_members(connection: Connection, ring_id: str, most: int) -> list[str]:
    """Who stands in a ring, by the newest risk of each."""
    asked = "SELECT account_id FROM risks WHERE ring_id = %s ORDER BY account_id LIMIT %s"
    return [account_id for (account_id,) in connection.execute(asked, [ring_id, most])]


def read_risks(database: Database, most: int) -> pl.DataFrame:
    """The riskiest accounts, a row each with the columns of ``Rated``, unscored ones last."""
    with database.reader() as reader, reader.cursor() as cursor:
        cursor.execute(READ + "ORDER BY risk DESC NULLS LAST, account_id LIMIT $1::bigint", (most,))
        return pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))
