"""A ring as the store holds it: who stands in it, what its members share, and what they spent together."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from grantguard.contract import TIME
from grantguard.store.database import Connection
from grantguard.store.links import HUB

MEMBERS: Final = """
    SELECT r.account_id, r.at, r.risk, r.p_value, r.action, r.promo_credits_spent, r.promo_credits_left, a.created_at, (
        SELECT verdict FROM verdicts AS v WHERE v.account_id = r.account_id ORDER BY given_at DESC, reviewer LIMIT 1
    ) AS verdict
    FROM risks AS r LEFT JOIN accounts AS a USING (account_id)
    WHERE r.ring_id = %s ORDER BY r.risk DESC NULLS LAST, r.account_id LIMIT %s
"""
MEMBER: Final = {
    "account_id": pl.String(),
    "at": TIME,
    "risk": pl.Float64(),
    "p_value": pl.Float64(),
    "action": pl.String(),
    "promo_credits_spent": pl.Float64(),
    "promo_credits_left": pl.Float64(),
    "created_at": TIME,
    "verdict": pl.String(),
}

SHARED: Final = """
    WITH own AS (
        SELECT kind, value, account_id FROM facts WHERE account_id = ANY(%(ids)s) AND kind = ANY(%(kinds)s)
    ), held AS (
        SELECT kind, value FROM own GROUP BY kind, value HAVING count(*) > 1
    )
    SELECT kind, value, account_id, holders FROM own JOIN held USING (kind, value) CROSS JOIN LATERAL (
        SELECT count(*) AS holders FROM (
            SELECT FROM facts AS f WHERE f.kind = held.kind AND f.value = held.value LIMIT %(hub)s + 1
        ) AS few
    ) AS counted
    ORDER BY kind, value, account_id
"""
SHARE: Final = {"kind": pl.String(), "value": pl.String(), "account_id": pl.String(), "holders": pl.Int64()}

BURN: Final = """
    SELECT floor(extract(epoch FROM occurred_at - %(since)s) / %(step)s)::bigint AS bin,
        sum(credits), count(DISTINCT account_id), count(*)
    FROM usage WHERE account_id = ANY(%(ids)s) AND funding IS DISTINCT FROM 'paid' AND status <> 'refunded'
    GROUP BY bin ORDER BY bin
"""
BURNT: Final = {"bin": pl.Int64(), "credits": pl.Float64(), "accounts": pl.Int64(), "requests": pl.Int64()}


def read_members(connection: Connection, ring_id: str, most: int) -> pl.DataFrame:
    """Who stands in a ring (``MEMBER``), the riskiest first."""
    return pl.DataFrame(connection.execute(MEMBERS, [ring_id, most]).fetchall(), schema=MEMBER, orient="row")


def read_shared(connection: Connection, account_ids: list[str], kinds: list[str]) -> pl.DataFrame:
    """Values of these kinds that two or more of the accounts have shown, a row an account.

    ``holders`` counts everybody who has shown the value, and no further than beyond ``HUB``.
    """
    asked = {"ids": account_ids, "kinds": kinds, "hub": HUB}
    return pl.DataFrame(connection.execute(SHARED, asked).fetchall(), schema=SHARE, orient="row")


def find_first_grant(connection: Connection, account_ids: list[str]) -> datetime | None:
    """When the first of them was given anything."""
    found = connection.execute("SELECT min(granted_at) FROM grants WHERE account_id = ANY(%s)", [account_ids])
    return next(iter(found.fetchone() or ()), None)


def read_burn(connection: Connection, account_ids: list[str], since: datetime, step: float) -> pl.DataFrame:
    """What the accounts spent together that they did not pay for, in bins of ``step`` seconds from ``since`` on."""
    asked = {"ids": account_ids, "since": since, "step": step}
    return pl.DataFrame(connection.execute(BURN, asked).fetchall(), schema=BURNT, orient="row")
