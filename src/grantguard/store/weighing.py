"""What figures are counted from: grants and accounts with what was said of them, holds, and every verdict."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from grantguard.contract import TRUTH
from grantguard.store.database import Connection, Database

GRANTED: Final = """
    SELECT g.account_id, g.grant_id, campaign, credits, granted_at, expires_at,
        coalesce(s.evidence <> '', false) AS held
    FROM grants AS g LEFT JOIN standing AS s USING (account_id, grant_id)
"""
"""Evidence is what a hold of the grant rests on, or rested on."""

KNOWN: Final = """
    SELECT account_id, promo_credits_spent AS spent, action <> 'allow' AS stopped, verdict, technique, paid_at
    FROM risks
    LEFT JOIN milestones USING (account_id)
    LEFT JOIN (
        SELECT DISTINCT ON (account_id) account_id, verdict, technique FROM verdicts
        ORDER BY account_id, given_at DESC, reviewer
    ) AS newest USING (account_id)
"""

HELD: Final = """
    SELECT account_id, held_at, (
        SELECT verdict FROM verdicts AS v
        WHERE v.account_id = held.account_id AND given_at > held_at ORDER BY given_at DESC LIMIT 1
    ) AS verdict
    FROM (
        SELECT account_id, min(at) AS held_at FROM decisions
        WHERE action = 'hold' AND at >= $1::timestamptz GROUP BY account_id
    ) AS held
    WHERE NOT EXISTS (SELECT FROM verdicts AS v WHERE v.account_id = held.account_id AND given_at <= held_at)
"""
"""Each account's first hold since a day that no person had asked for, and what a person says of the account by now."""

REVIEWS: Final = "SELECT account_id, given_at, reviewer, verdict FROM verdicts WHERE given_at >= $1::timestamptz"

TRUE: Final = """
    SELECT account_id, verdict AS role, coalesce(technique, 'not named') AS kind, risks.ring_id AS ring FROM (
        SELECT DISTINCT ON (account_id) account_id, verdict, technique, given_at FROM verdicts
        ORDER BY account_id, given_at DESC, reviewer
    ) AS newest LEFT JOIN risks USING (account_id)
    WHERE verdict <> 'compromised' ORDER BY given_at DESC, account_id LIMIT %s
"""


def read_granted(database: Database) -> pl.DataFrame:
    """Every grant, and whether it was ever held or revoked, as ``campaigns.GRANTED`` says."""
    return _fetch(database, GRANTED)


def read_known(database: Database) -> pl.DataFrame:
    """Every account that was scored: promotional credit spent, its newest verdict, its first payment.

    It is as ``campaigns.KNOWN`` says.
    """
    return _fetch(database, KNOWN)


def read_held(database: Database, since: datetime) -> pl.DataFrame:
    """The machine's holds since a day, one an account: ``account_id, held_at, verdict``."""
    return _fetch(database, HELD, since)


def read_reviews(database: Database, since: datetime) -> pl.DataFrame:
    """Verdicts since a day: ``account_id, given_at, reviewer, verdict``."""
    return _fetch(database, REVIEWS, since)


def find_recent(connection: Connection, most: int) -> list[str]:
    """The accounts that were scored last."""
    asked = "SELECT account_id FROM risks WHERE status = 'scored' ORDER BY at DESC, account_id LIMIT %s"
    return [name for (name,) in connection.execute(asked, [most])]


def find_truth(connection: Connection, most: int) -> tuple[pl.DataFrame, list[str]]:
    """What persons said of the accounts reviewed last, as the contract's ``truth``; and the rest of their rings."""
    rows = connection.execute(TRUE, [most]).fetchall()
    truth = pl.DataFrame(rows, schema=TRUTH.schema, orient="row")
    kin = "SELECT account_id FROM risks WHERE ring_id = ANY(%s) ORDER BY account_id LIMIT %s"
    rings = truth["ring"].drop_nulls().unique().to_list()
    return truth, [name for (name,) in connection.execute(kin, [rings, most])]


def _fetch(database: Database, query: str, *asked: object) -> pl.DataFrame:
    with database.reader() as reader, reader.cursor() as cursor:
        cursor.execute(query, asked or None)
        return pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))
