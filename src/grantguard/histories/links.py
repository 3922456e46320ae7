"""First-seen facts: which account showed which value when, and how many had shown it by a moment.

A fact is never computed again for another moment: it is dated once, and read as of any time by one
sorted join.
"""

from __future__ import annotations

import polars as pl

from grantguard.contract import Tables
from grantguard.dated import FACT
from grantguard.histories.keys import as_key

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
VALUE = ["kind", "value"]
"""What names a shared value."""


def find_facts(tables: Tables) -> pl.DataFrame:
    """What accounts and billing say of links: which account showed which value, and when."""
    shown = [
        *(_shown(tables.accounts, kind, column, "created_at") for kind, column in SEEN_AT_SIGN_UP.items()),
        _referrers(tables.accounts.lazy()),
        _instruments(tables),
    ]
    return pl.concat(shown).collect()


def find_facts_in_use(events: pl.DataFrame) -> pl.DataFrame:
    """What requests say of links; the values are texts or keys, as they are in ``events``."""
    return pl.concat(_shown(events, kind, column, "occurred_at") for kind, column in SEEN_IN_USE.items()).collect()


def keep_first(facts: pl.DataFrame) -> pl.DataFrame:
    """One row a kind, value and account, with ``seen_at``: when the account first showed the value."""
    return facts.group_by(*VALUE, "account_id").agg(pl.col("seen_at").min()).sort(FACT.names())


def key_values(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with keys in place of the texts of values and likenesses."""
    return frame.with_columns(as_key(name) for name in ("value", "likeness") if name in frame.columns)


def _shown(frame: pl.DataFrame, kind: str, column: str, moment: str) -> pl.LazyFrame:
    return (
        frame.lazy()
        .filter(pl.col(column).is_not_null())
        .group_by(column, "account_id")
        .agg(pl.col(moment).min())
        .select(kind=pl.lit(kind), value=pl.col(column), account_id="account_id", seen_at=moment)
    )


def _referrers(accounts: pl.LazyFrame) -> pl.LazyFrame:
    """Whoever brings an account stands in the star of those it brought."""
    brought = accounts.filter(pl.col("referred_by").is_not_null())
    stars = brought.group_by(account_id="referred_by").agg(seen_at=pl.col("created_at").min())
    return stars.with_columns(kind=pl.lit("referral"), value="account_id").select(FACT.names())


def _instruments(tables: Tables) -> pl.LazyFrame:
    """A payment instrument is known from the first billing event on, whatever the account table says today."""
    first = tables.billing.lazy().group_by("account_id").agg(seen_at=pl.col("occurred_at").min())
    return (
        tables.accounts.lazy()
        .filter(pl.col("payment_hash").is_not_null())
        .join(first, on="account_id")
        .select(kind=pl.lit("payment"), value="payment_hash", account_id="account_id", seen_at="seen_at")
    )


def count_by(moments: pl.DataFrame, asked: pl.DataFrame, key: list[str], name: str) -> pl.DataFrame:
    """``asked`` with a column of how many ``moments`` rows of the same ``key`` lie at or before its ``at``.

    ``moments`` has the key's columns and ``when``; rows of ``asked`` keep their order.
    """
    return read_count(count_up(moments.select(*key, "when"), key), asked, key, name)


def count_up(moments: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """``moments`` by time with ``n``: how many of the same ``key`` there were by ``when``."""
    dated = moments.lazy().filter(pl.col("when").is_not_null()).sort("when")
    return dated.with_columns(n=pl.int_range(1, pl.len() + 1).over(key)).collect()


def read_count(counts: pl.DataFrame, asked: pl.DataFrame, key: list[str], name: str) -> pl.DataFrame:
    """``asked`` with a column of the newest ``n`` of the same ``key`` at or before its ``at``, or zero.

    ``counts`` has the key's columns, ``when`` and ``n``, by time; rows of ``asked`` keep their order.
    """
    known = counts.lazy().select(*key, "when", pl.col("n").alias(name))
    order = asked.lazy().with_row_index("_row").sort("at")
    joined = order.join_asof(known, left_on="at", right_on="when", by=key, strategy="backward", check_sortedness=False)
    return joined.sort("_row").drop("_row", "when").with_columns(pl.col(name).fill_null(0)).collect()
