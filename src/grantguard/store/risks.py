"""The newest risk of every account: what is answered at once, and what the queue is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

import polars as pl
from psycopg.types.json import Jsonb

from grantguard.store.database import Connection, Database
from grantguard.vocabulary import Action, Reason, Status
from grantguard.wire import tell


@dataclass(frozen=True)
class Rated:
    """An account's risk as of ``at``, the action that follows, the decision where one was recorded, and the reasons.

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
    reasons: tuple[Reason, ...] = ()


NAMES: Final = tuple(field.name for field in fields(Rated))
NUMBERS: Final = (*NAMES[:-1], "signals")
"""What a list of everybody has: of the reasons, which are wide, the names of the signals alone."""

KEPT: Final = (*NUMBERS, "reasons")
KEEP: Final = f"""
    INSERT INTO risks ({", ".join(KEPT)}) VALUES ({", ".join(["%s"] * len(KEPT))})
    ON CONFLICT (account_id) DO UPDATE
    SET ({", ".join(KEPT)}) = ({", ".join(f"excluded.{name}" for name in KEPT)}) WHERE risks.at <= excluded.at
"""  # noqa: S608 - the names above


def keep_risks(connection: Connection, rated: Iterable[Rated]) -> None:
    """Keep each risk unless a newer one is kept already."""
    in_order = sorted(rated, key=lambda each: each.account_id)
    with connection.cursor() as cursor:
        cursor.executemany(KEEP.encode(), [_row(each) for each in in_order])


def find_risk(connection: Connection, account_id: str) -> Rated | None:
    """The newest risk of an account, as it was kept."""
    asked = f"SELECT {', '.join(NAMES)} FROM risks WHERE account_id = %s"  # noqa: S608 - the names above
    row = connection.execute(asked.encode(), [account_id]).fetchone()
    if row is None:
        return None
    *known, reasons = row
    return replace(Rated(*known), reasons=tuple(Reason(**each) for each in reasons))


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
    """The riskiest accounts, a row each with ``NUMBERS``, unscored ones last."""
    asked = f"SELECT {', '.join(NUMBERS)} FROM risks ORDER BY risk DESC NULLS LAST, account_id LIMIT $1::bigint"  # noqa: S608 - the names above
    with database.reader() as reader, reader.cursor() as cursor:
        cursor.execute(asked, (most,))
        return pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))


def _row(rated: Rated) -> list[Any]:
    reasons = Jsonb(tell([asdict(reason) for reason in rated.reasons]))
    signals = [reason.signal for reason in rated.reasons]
    return [*(getattr(rated, name) for name in NAMES[:-1]), signals, reasons]
