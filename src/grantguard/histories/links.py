"""First-seen facts: which account showed which value when, and how many had shown it by a moment.

A fact is never computed again for another moment: it is dated once, and read as of any time by one
sorted join. Behaviour is a link too: accounts whose first events fall in the same cell of a fixed grid
are alike, and alike within the hour or the three days of their opening is a value like any other.
"""

from __future__ import annotations

import polars as pl

from grantguard.contract import Tables
from grantguard.histories.keys import PAST_EVENTS, as_key

SEEN_AT_SIGN_UP = {
    "device": "signup_device_hash",
    "address": "signup_ip_hash",
    "prefix": "signup_ip_prefix_hash",
    "email": "email_hash",
    "organization": "organization_id",
    "referral": "referred_by",
}
SEEN_IN_USE = {
    "device": "device_hash",
    "address": "ip_hash",
    "prefix": "ip_prefix_hash",
    "template": "template_hash",
    "prompt": "prompt_hash",
}
JOINED_WITHIN = {"hour": 3600, "days": 3 * 86_400}
"""Bins of opening times, in seconds."""

VALUE = ["kind", "value"]
"""What names a shared value."""

FACT = ("kind", "value", "account_id", "seen_at")


def find_facts(tables: Tables, events: pl.DataFrame, likenesses: pl.DataFrame) -> pl.DataFrame:
    """One row a kind, value and account, with ``seen_at``: when the account first showed the value.

    Values are keys (``as_key``); ``likenesses`` is what ``find_likenesses`` gives.
    """
    accounts = tables.accounts.with_columns(as_key(column) for column in SEEN_AT_SIGN_UP.values())
    shown = [
        *(_shown(accounts, kind, column, "created_at") for kind, column in SEEN_AT_SIGN_UP.items()),
        *(_shown(events, kind, column, "occurred_at") for kind, column in SEEN_IN_USE.items()),
        _referrers(tables.accounts),
        _instruments(tables),
        likenesses.select(FACT),
    ]
    facts = pl.concat(shown).group_by("kind", "value", "account_id").agg(pl.col("seen_at").min())
    return facts.sort(FACT)


def _shown(frame: pl.DataFrame, kind: str, column: str, moment: str) -> pl.DataFrame:
    return (
        frame.lazy()
        .filter(pl.col(column).is_not_null())
        .group_by(column, "account_id")
        .agg(pl.col(moment).min())
        .select(kind=pl.lit(kind), value=pl.col(column), account_id="account_id", seen_at=moment)
        .collect()
    )


def _referrers(accounts: pl.DataFrame) -> pl.DataFrame:
    """Whoever brings an account stands in the star of those it brought."""
    brought = accounts.filter(pl.col("referred_by").is_not_null())
    stars = brought.group_by(account_id="referred_by").agg(seen_at=pl.col("created_at").min())
    return stars.with_columns(kind=pl.lit("referral"), value=as_key("account_id")).select(FACT)


def _instruments(tables: Tables) -> pl.DataFrame:
    """A payment instrument is known from the first billing event on, whatever the account table says today."""
    first = tables.billing.group_by("account_id").agg(seen_at=pl.col("occurred_at").min())
    return (
        tables.accounts.filter(pl.col("payment_hash").is_not_null())
        .join(first, on="account_id")
        .select(kind=pl.lit("payment"), value=as_key("payment_hash"), account_id="account_id", seen_at="seen_at")
    )


def find_likenesses(accounts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Facts of being alike (``twin_…``), and alike among those of one opening bin (``joined_…``).

    Columns ``FACT``, ``likeness`` and ``bin``: what they are alike in, and the bin of their opening (null for twins).
    """
    prints = take_prints(events).join(accounts.select("account_id", "created_at"), on="account_id", how="left")
    opened = pl.col("created_at").dt.timestamp("us") // 1_000_000
    alike = [_alike(prints, f"twin_{grid}", f"fine_{grid}", pl.lit(None, pl.Int64)) for grid in (0, 1)]
    alike += [
        _alike(prints, f"joined_{name}_{grid}", f"coarse_{grid}", (opened + grid * width // 2) // width)
        for name, width in JOINED_WITHIN.items()
        for grid in (0, 1)
    ]
    return pl.concat(alike)


def _alike(prints: pl.DataFrame, kind: str, print_name: str, opening_bin: pl.Expr) -> pl.DataFrame:
    facts = prints.select(
        "account_id", "seen_at", kind=pl.lit(kind), likeness=as_key(print_name), bin=opening_bin.cast(pl.Int64)
    )
    known = facts.filter(pl.col("bin").is_not_null() | pl.col("kind").str.starts_with("twin"))
    return known.with_columns(value=pl.struct("likeness", "bin").hash(seed=0)).select(*FACT, "likeness", "bin")


def take_prints(events: pl.DataFrame) -> pl.DataFrame:
    """How each account began: its first events, quantised on two fixed grids that are half a step apart.

    ``fine`` tells sizes, their spread, pace and category; ``coarse`` sizes and category alone. An account with
    fewer than ``PAST_EVENTS`` events has no print yet; ``seen_at`` is when it had.
    """
    sent, delivered = ((1 + pl.col(name)).log(2) for name in ("input_tokens", "output_tokens"))
    begun = (
        events.lazy()
        .filter(pl.col("position") <= PAST_EVENTS)
        .group_by("account_id")
        .agg(
            seen_at=pl.col("occurred_at").max(),
            size=pl.len(),
            sent=sent.mean(),
            sent_spread=sent.std(),
            delivered=delivered.mean(),
            delivered_spread=delivered.std(),
            pace=(1 + pl.col("gap").median()).log(2),
            category=pl.col("category").mode().sort().first(),
        )
        .filter(pl.col("size") == PAST_EVENTS)
        .collect()
    )
    cells = [
        column
        for grid in (0, 1)
        for column in (
            _cell(f"fine_{grid}", grid / 2, sent=0.3, delivered=0.3, sent_spread=0.4, delivered_spread=0.4, pace=1.0),
            _cell(f"coarse_{grid}", grid / 2, sent=0.6, delivered=0.6),
        )
    ]
    return begun.select("account_id", "seen_at", *cells)


def _cell(name: str, shift: float, **widths: float) -> pl.Expr:
    steps = [(pl.col(column) / width + shift).floor().cast(pl.Int32) for column, width in widths.items()]
    return pl.concat_str([*steps, pl.col("category")], separator="|").alias(name)


def count_by(moments: pl.DataFrame, asked: pl.DataFrame, key: list[str], name: str) -> pl.DataFrame:
    """``asked`` with a column of how many ``moments`` rows of the same ``key`` lie at or before its ``at``.

    ``moments`` has the key's columns and ``when``; rows of ``asked`` keep their order.
    """
    counted = (
        moments.filter(pl.col("when").is_not_null())
        .sort("when")
        .with_columns(pl.int_range(1, pl.len() + 1).over(key).alias(name))
        .select(*key, "when", name)
    )
    order = asked.with_row_index("_row").sort("at")
    joined = order.join_asof(
        counted, left_on="at", right_on="when", by=key, strategy="backward", check_sortedness=False
    )
    return joined.sort("_row").drop("_row", "when").with_columns(pl.col(name).fill_null(0))
