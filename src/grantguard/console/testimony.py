"""What speaks for an account: paid history, retention, depth. Said in sentences, each with the number it rests on."""

from __future__ import annotations

import polars as pl

from grantguard.console.words import say_number, say_share, say_times

DEEP: int = 5
"""Requests from which a session goes into something."""


def speak_for(usage: pl.DataFrame, grants: pl.DataFrame, billing: pl.DataFrame) -> list[str]:
    """Sentences in favour of the account; ``usage`` is charged to its grants."""
    said = (_paid(billing), _came_back(usage), _stays(usage), _goes_deep(usage), _leaves_credit(usage, grants))
    return [each for each in said if each is not None]


def _paid(billing: pl.DataFrame) -> str | None:
    payments = billing.filter(pl.col("kind") == "payment")
    if payments.is_empty():
        return None
    back = billing.filter(pl.col("kind").is_in(["refund", "chargeback"])).height
    taken = "nothing was taken back" if not back else f"money was taken back {say_times(back)}"
    return f"Paid {say_times(payments.height)}, {say_number(float(payments['amount_usd'].sum()))} USD in all; {taken}."


def _came_back(usage: pl.DataFrame) -> str | None:
    days = (usage["occurred_at"] - usage["occurred_at"].min()).dt.total_days() if usage.height else pl.Series([0])
    if days.n_unique() < 3:
        return None
    return f"Came back: active on {days.n_unique()} of {_whole(days.max()) + 1} days."


def _stays(usage: pl.DataFrame) -> str | None:
    """Requests after the last one that a grant paid for."""
    last = usage.filter(pl.col("promo_credits") > 0)["occurred_at"].max()
    after = usage.filter(pl.col("occurred_at") > last).height if last is not None else 0
    return f"Stayed when the promotional credit was spent: {after:,} requests since." if after >= DEEP else None


def _goes_deep(usage: pl.DataFrame) -> str | None:
    sizes = usage.drop_nulls("session_id").group_by("session_id").len()["len"]
    deep = int((sizes >= DEEP).sum())
    if not deep:
        return None
    return f"Goes into things: {deep:,} of {len(sizes):,} sessions have {DEEP} requests or more."


def _leaves_credit(usage: pl.DataFrame, grants: pl.DataFrame) -> str | None:
    given = float(grants["credits"].sum())
    left = 1 - float(usage["promo_credits"].sum()) / given if given else 0.0
    return f"Is in no hurry: {say_share(left)} of what it was given is unspent." if left >= 0.5 else None


def _whole(number: object) -> int:
    return number if isinstance(number, int) else 0
