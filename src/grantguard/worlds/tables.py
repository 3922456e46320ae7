"""Lives laid out as the contract's tables, every key made opaque."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.contract import CATEGORIES, STATUSES, TIME, Tables
from grantguard.worlds.ledger import PAID, Charged
from grantguard.worlds.lives import Life
from grantguard.worlds.stage import COUNTRIES, DAY, MODELS, Stage

Ints = NDArray[np.int64]


def opaque(keys: Ints, seed: int) -> pl.Series:
    """Keys as names that tell neither order nor size; a key below 0 is null. A bijection of 64 bits (splitmix)."""
    mixed = keys.astype(np.uint64) + np.uint64((seed * 2 + 1) * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    names = pl.Series(mixed ^ (mixed >> np.uint64(31))).cast(pl.String)
    return pl.select(pl.when(pl.Series(keys >= 0)).then(names)).to_series()


def lay_out(lives: list[Life], charged: list[Charged], ids: list[str], stage: Stage, seed: int) -> Tables:
    """The tables of a world."""
    return Tables.of(
        accounts=_accounts(lives, ids, seed).sort("account_id"),
        grants=_grants(lives, ids, stage).sort("grant_id"),
        usage=_usage(lives, charged, ids, seed),
        billing=_billing(lives, ids, stage, seed),
        campaigns=_campaigns(lives),
    )


def _seconds(times: list[float | None]) -> pl.Series:
    """Moments in whole milliseconds, as platforms write them."""
    micros = [None if time is None else round(time * 1000) * 1000 for time in times]
    return pl.Series(micros, dtype=pl.Int64).cast(TIME)


def _accounts(lives: list[Life], ids: list[str], seed: int) -> pl.DataFrame:
    named = {life.key: name for life, name in zip(lives, ids, strict=True)}

    def keys(of: Callable[[Life], int]) -> pl.Series:
        return opaque(np.array([of(life) for life in lives], dtype=np.int64), seed)

    return pl.DataFrame(
        {
            "account_id": ids,
            "created_at": _seconds([life.created for life in lives]),
            "plan": [life.plan for life in lives],
            "organization_id": keys(lambda life: life.organization),
            "signup_country": [COUNTRIES[life.born_at.country] for life in lives],
            "email_domain": [life.domain for life in lives],
            "referred_by": [named.get(life.referrer) for life in lives],
            "payment_hash": keys(lambda life: life.payment),
            "signup_ip_hash": keys(lambda life: life.born_at.address),
            "signup_ip_prefix_hash": keys(lambda life: life.born_at.prefix),
            "signup_device_hash": keys(lambda life: life.born_on),
            "email_hash": keys(lambda life: life.email),
            "deleted_at": _seconds([life.deleted for life in lives]),
        }
    )


def _grant_id(name: str, number: int) -> str:
    """Of an account's name, which no other world has: worlds are put together, and a grant is one account's."""
    return f"gr_{(int(name.removeprefix('acc_'), 16) * 977 + number) * 2654435761 % 2**44:011x}"


def _grants(lives: list[Life], ids: list[str], stage: Stage) -> pl.DataFrame:
    rows = [
        (
            _grant_id(name, i),
            name,
            grant.campaign,
            grant.kind,
            grant.at,
            grant.until,
            float(grant.credits),
            grant.category,
        )
        for life, name in zip(lives, ids, strict=True)
        for i, grant in enumerate(life.grants)
        if grant.at < min(stage.closes, life.deleted or np.inf)
    ]
    columns = list(zip(*rows, strict=True))
    names = ("grant_id", "account_id", "campaign", "kind", "granted_at", "expires_at", "credits", "category")
    table = dict(zip(names, columns, strict=True))
    times = {name: _seconds(list(table[name])) for name in ("granted_at", "expires_at")}
    return pl.DataFrame(table | times).with_columns(pl.col("credits").round(2))


def _usage(lives: list[Life], charged: list[Charged], ids: list[str], seed: int) -> pl.DataFrame:
    parts = [each.requests for each in charged]
    sizes = np.array([len(part.at) for part in parts])
    owner = np.repeat(np.arange(len(lives)), sizes)

    def joined(name: str) -> Ints:
        together: Ints = np.concatenate([getattr(part, name) for part in parts])
        return together

    # Places and clients are numbered within a life: one list of all, and where each life's begin.
    places = [place for life in lives for place in life.places]
    clients = [client.name for life in lives for client in life.clients]
    first_place = np.cumsum([0] + [len(life.places) for life in lives[:-1]])
    first_client = np.cumsum([0] + [len(life.clients) for life in lives[:-1]])
    place, client = joined("place") + first_place[owner], joined("client") + first_client[owner]

    def of_place(values: list[int]) -> Ints:
        found: Ints = np.array(values, dtype=np.int64)[place]
        return found

    grant = np.concatenate([each.grant for each in charged])
    given = [[_grant_id(name, i) for i in range(len(life.grants))] for life, name in zip(lives, ids, strict=True)]
    first_grant = np.cumsum([0] + [len(names) for names in given[:-1]])
    grant_names = pl.Series([name for names in given for name in names], dtype=pl.String)
    payer = pl.Series(np.where(grant >= 0, grant + first_grant[owner], 0))
    count = int(sizes.sum())
    numbers = np.arange(count, dtype=np.int64)
    table = pl.DataFrame(
        {
            "event_id": opaque(numbers, seed + 7),
            "account_id": pl.Series(ids)[owner],
            "occurred_at": pl.Series((joined("at") * 1000).round().astype(np.int64) * 1000).cast(TIME),
            "category": pl.Series(CATEGORIES)[joined("category")],
            "input_tokens": joined("sent"),
            "output_tokens": joined("delivered"),
            "credits": np.concatenate([each.credits for each in charged]),
            "grant_id": grant_names[payer],
            "funding": pl.Series(["grant", "paid"])[(grant == PAID).astype(np.int64)],
            "status": pl.Series(STATUSES)[joined("status")],
            "latency_ms": joined("latency"),
            "session_id": opaque(joined("session"), seed),
            "ip_hash": opaque(of_place([place.address for place in places]), seed),
            "ip_prefix_hash": opaque(of_place([place.prefix for place in places]), seed),
            "network": pl.Series([f"AS{64500 + place.network}" for place in places])[place],
            "country": pl.Series([COUNTRIES[place.country] for place in places])[place],
            "device_hash": opaque(joined("device"), seed),
            "client": pl.Series(clients)[client],
            "prompt_hash": opaque(joined("prompt"), seed),
            "template_hash": opaque(joined("template"), seed),
            "model": pl.Series(MODELS)[joined("model")],
        }
    )
    unpaid = pl.Series(grant < 0)
    return table.with_columns(
        grant_id=pl.when(~unpaid).then("grant_id"),
        funding=pl.when(~pl.Series(grant == -1)).then("funding"),
    ).sort("occurred_at", "event_id")


def _billing(lives: list[Life], ids: list[str], stage: Stage, seed: int) -> pl.DataFrame:
    rows = [
        (name, bill.at, bill.kind, round(bill.amount, 2))
        for life, name in zip(lives, ids, strict=True)
        for bill in life.bills
        if bill.at < stage.closes
    ]
    table = pl.DataFrame(
        {
            "account_id": [row[0] for row in rows],
            "occurred_at": _seconds([row[1] for row in rows]),
            "kind": [row[2] for row in rows],
            "amount_usd": [row[3] for row in rows],
        },
        schema_overrides={"account_id": pl.String, "kind": pl.String, "amount_usd": pl.Float64},
    ).sort("occurred_at", "account_id")
    return table.with_columns(billing_id=opaque(np.arange(len(rows), dtype=np.int64), seed + 11))


def _campaigns(lives: list[Life]) -> pl.DataFrame:
    """Every campaign that gave a grant; each second hackathon was registered beforehand as an expected burst."""
    given: dict[str, list[tuple[Life, float, str]]] = {}
    for life in lives:
        for grant in life.grants:
            given.setdefault(grant.campaign, []).append((life, grant.at, grant.kind))
    rows = []
    for number, (campaign, grants) in enumerate(sorted(given.items())):
        begins, ends = min(at for _, at, _ in grants), max(at for _, at, _ in grants)
        row: dict[str, Any] = {
            "campaign": campaign,
            "kind": grants[0][2],
            "starts_at": begins - DAY,
            "ends_at": ends + DAY,
            "milestone": 100.0 if campaign == "hundred-club" else None,
            "audience": 10 * round(len(grants) / 8 + 1),
        }
        if campaign.startswith("hackathon") and number % 2 == 0:
            row |= {
                "expected_accounts": len(grants) + 10,
                "expected_from": begins - 6 * 3600,
                "expected_until": ends + 6 * 3600,
                "network": f"AS{64500 + grants[0][0].born_at.network}",
                "note": "registered by the organisers",
            }
        rows.append(row)
    names = ("campaign", "kind", "milestone", "audience", "expected_accounts", "network", "note")
    moments = ("starts_at", "ends_at", "expected_from", "expected_until")
    table = {name: [row.get(name) for row in rows] for name in names}
    return pl.DataFrame(table | {name: _seconds([row.get(name) for row in rows]) for name in moments})
