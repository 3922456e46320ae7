"""First-seen facts: which account showed which value when, and how many had shown it by a moment.

A fact is never computed again for another moment: it is dated once, and read as of any time by one
sorted join.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import polars as pl

from grantguard.contract import Tables
from grantguard.dated import FACT
from grantguard.histories.keys import as_key, run

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

ALONE_SILENT = ("template", "prompt")
"""Kinds that requests alone show, most of them but once: a value of one account alone says nothing, and goes."""


def find_facts(tables: Tables) -> pl.LazyFrame:
    """What accounts and billing say of links: which account showed which value, and when."""
    shown = [
        *(_shown(tables.accounts, kind, column, "created_at") for kind, column in SEEN_AT_SIGN_UP.items()),
        *_referrers(tables.accounts),
        *_instruments(tables),
    ]
    return _together(shown, pl.String())


def find_facts_in_use(events: pl.DataFrame) -> pl.LazyFrame:
    """What requests say of links; the values are texts or keys, as they are in ``events``."""
    shown = [_shown(events, kind, column, "occurred_at", repeats=True) for kind, column in SEEN_IN_USE.items()]
    return _together(shown, events.schema["prompt_hash"])


def find_shared_in_use(events: pl.DataFrame) -> pl.LazyFrame:
    """``find_facts_in_use`` of prepared events, without what ``ALONE_SILENT`` leaves out."""
    shown = []
    for kind, column in SEEN_IN_USE.items():
        if _is_told(events, column):
            changes = events.lazy().select(_changes(column)).filter("is_new")
            read = _is_shared(run(changes), column) if kind in ALONE_SILENT else changes
            shown.append(read.group_by(column, "account").agg(_first()).select(_as_fact(kind, column)))
    return _together(shown, pl.UInt64())


@cache
def _changes(column: str) -> tuple[pl.Expr, ...]:
    """Of prepared events whether the account's one before did not show their value: the first to show it is there."""
    value = pl.col(column)
    is_new = ((pl.col("position") == 1) | value.ne_missing(value.shift(1))) & value.is_not_null()
    return pl.col("account"), pl.col("account_id"), pl.col("occurred_at"), value, is_new.alias("is_new")


def find_shown(events: pl.DataFrame) -> pl.LazyFrame:
    """When each account's requests first showed any value, shared or not."""
    told = tuple(column for column in SEEN_IN_USE.values() if _is_told(events, column))
    seen = events.lazy().filter(_shows(told))
    return seen.group_by("account").agg(_first()).select("account_id", seen_at="occurred_at")


@cache
def _shows(columns: tuple[str, ...]) -> pl.Expr:
    """Whether any of the columns is known."""
    return pl.any_horizontal([pl.lit(value=False), *(pl.col(column).is_not_null() for column in columns)])


@cache
def _first() -> tuple[pl.Expr, ...]:
    """Who an account is, and when it first acted."""
    return pl.col("account_id").first(), pl.col("occurred_at").min()


def _is_told(frame: pl.DataFrame, column: str) -> bool:
    return frame[column].null_count() < frame.height


def keep_first(facts: pl.LazyFrame) -> pl.LazyFrame:
    """One row a kind, value and account, with ``seen_at``: when the account first showed the value."""
    return facts.group_by(*VALUE, "account_id").agg(pl.col("seen_at").min())


def key_values(frame: pl.DataFrame) -> pl.LazyFrame:
    """``frame`` with keys in place of the texts of values and likenesses."""
    return frame.lazy().with_columns(as_key(name) for name in ("value", "likeness") if name in frame.columns)


def find_stars(accounts: pl.DataFrame) -> pl.DataFrame:
    """Who was brought by whom, and who brought others, as facts whose values are keys, one a value and account."""
    shown = [_shown(accounts, "referral", "referred_by", "created_at"), *_referrers(accounts)]
    return run(keep_first(_together(shown, pl.String()).with_columns(as_key("value"))))


def _together(shown: Sequence[pl.LazyFrame | None], kind_of_value: pl.DataType) -> pl.LazyFrame:
    known = [each for each in shown if each is not None]
    return pl.concat(known) if known else pl.LazyFrame(schema={**FACT, "value": kind_of_value})


def _shown(frame: pl.DataFrame, kind: str, column: str, moment: str, *, repeats: bool = False) -> pl.LazyFrame | None:
    """``repeats`` says that most rows show what the one before them did."""
    if not _is_told(frame, column):
        return None
    seen = frame.lazy().filter(pl.col(column).is_not_null())
    owner = "account" if "account" in frame.columns else "account_id"
    if repeats:  # to look for groups among a thousand rows takes five times as long as among a few
        seen = seen.filter(_may_be_first(column, owner, moment))
    first = seen.group_by(column, owner).agg(
        pl.col(moment).min(), *([pl.col("account_id").first()] if owner == "account" else [])
    )
    return first.select(_as_fact(kind, column, moment))


@cache
def _as_fact(kind: str, column: str, moment: str = "occurred_at") -> tuple[pl.Expr, ...]:
    named = {"kind": pl.lit(kind), "value": pl.col(column), "account_id": pl.col("account_id")}
    return (*(part.alias(name) for name, part in named.items()), pl.col(moment).alias("seen_at"))


@cache
def _may_be_first(column: str, owner: str, moment: str) -> pl.Expr:
    """Whether a row, of which the column is known, does not show what the one before it did, as soon or sooner."""
    unlike = (pl.col(name).ne_missing(pl.col(name).shift(1)) for name in (column, owner))
    return pl.any_horizontal(*unlike, pl.col(moment) < pl.col(moment).shift(1))


def _is_shared(changes: pl.DataFrame, column: str) -> pl.LazyFrame:
    """The events whose value more than one account shows; all of them show one."""
    known = changes.lazy()
    holders = known.group_by(column).agg(one=pl.col("account").min(), other=pl.col("account").max())
    shared = holders.filter(pl.col("one") != pl.col("other")).select(column)
    return known.join(shared, on=column, how="semi")


def _referrers(accounts: pl.DataFrame) -> list[pl.LazyFrame]:
    """Whoever brings an account stands in the star of those it brought."""
    if not _is_told(accounts, "referred_by"):
        return []
    brought = accounts.lazy().filter(pl.col("referred_by").is_not_null())
    stars = brought.group_by(account_id="referred_by").agg(seen_at=pl.col("created_at").min())
    return [stars.with_columns(kind=pl.lit("referral"), value="account_id").select(FACT.names())]


def _instruments(tables: Tables) -> list[pl.LazyFrame]:
    """A payment instrument is known from the first billing event on, whatever the account table says today."""
    if tables.billing.is_empty():
        return []
    first = tables.billing.lazy().group_by("account_id").agg(seen_at=pl.col("occurred_at").min())
    return [
        tables.accounts.lazy()
        .filter(pl.col("payment_hash").is_not_null())
        .join(first, on="account_id")
        .select(kind=pl.lit("payment"), value="payment_hash", account_id="account_id", seen_at="seen_at")
    ]


def count_up(moments: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    """``moments`` by time with ``n``: how many of the same ``key`` there were by ``when``."""
    dated = moments.filter(pl.col("when").is_not_null()).sort("when")
    return dated.with_columns(n=pl.int_range(1, pl.len() + 1).over(key))


def read_newest(known: pl.LazyFrame, asked: pl.LazyFrame, key: list[str], at: str = "at") -> pl.LazyFrame:
    """``asked``, by ``at``, with the newest of ``known`` of the same ``key`` at or before it.

    ``known`` has the key's columns and ``when``, by time.
    """
    return (
        asked.sort(at)
        .join_asof(known, left_on=at, right_on="when", by=key, strategy="backward", check_sortedness=False)
        .drop("when")
    )
