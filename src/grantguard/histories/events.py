"""Every event with what was true of its account when it happened."""

from __future__ import annotations

from functools import cache

import polars as pl

from grantguard.contract import Tables
from grantguard.histories.charging import charge, with_balance
from grantguard.histories.keys import PAST_EVENTS, as_key, has_any, run

KEYED = (
    *("ip_hash", "ip_prefix_hash", "network", "device_hash", "client"),
    *("session_id", "prompt_hash", "template_hash", "model"),
)
"""Columns whose texts are read only as equal or unlike."""

UNREAD = ("country",)
"""Columns that nothing reads: no signal scores where somebody is."""

SIGN_UP = ("signup_device_hash", "signup_ip_prefix_hash")
"""Columns of accounts that tell where each signed up."""

READ_UP = ("funding", "spend", "latency_ms", *SIGN_UP)
"""Columns that nothing reads once events are prepared."""

SECOND = 1_000_000
"""Microseconds."""


def prepare_events(tables: Tables) -> pl.DataFrame:
    """All usage, by account and time, with the columns of ``views.Usage`` that look back only.

    ``account`` is the key of ``account_id``, ``row`` the event's place.
    """
    events = charge(put_in_order(tables.usage), tables.grants, names_grants=has_any(tables.usage["grant_id"]))
    rhythmic = with_balance(events, tables.grants).with_columns(_gap()).with_columns(_rhythm())
    prepared = rhythmic.join(_homes(tables.accounts), on="account", how="left", maintain_order="left")
    return run(prepared.with_columns(_places()).drop(READ_UP))


def put_in_order(usage: pl.DataFrame) -> pl.LazyFrame:
    """Usage by account and time, texts as keys, with ``row`` and ``position``: which of its account's it is, from 1."""
    ordered = usage.lazy().select(_keyed()).sort("account", "occurred_at", "event")
    return ordered.drop("event").with_columns(_row()).with_columns(_position())


@cache
def _keyed() -> tuple[pl.Expr, ...]:
    return (
        pl.exclude("event_id", *KEYED, *UNREAD),
        *(as_key(column) for column in KEYED),
        pl.col("account_id").hash(seed=0).alias("account"),
        pl.col("event_id").alias("event"),
    )


@cache
def _row() -> pl.Expr:
    return pl.int_range(pl.len()).alias("row")


@cache
def _position() -> pl.Expr:
    begins = (pl.col("account") != pl.col("account").shift(1)).fill_null(value=True)
    first = pl.when(begins).then("row").forward_fill()
    return (pl.col("row") - first + 1).alias("position")


def before(column: pl.Expr, steps: int = 1) -> pl.Expr:
    """What the column said so many of the account's events before; null for its first ones."""
    return pl.when(pl.col("position") > steps).then(column.shift(steps))


@cache
def _gap() -> pl.Expr:
    micros = pl.col("occurred_at").dt.timestamp("us")
    return ((micros - before(micros)) / SECOND).alias("gap")


@cache
def _rhythm() -> tuple[pl.Expr, ...]:
    """When each request came, beside those before it, and in which steps its sizes fall."""
    micros, gap = pl.col("occurred_at").dt.timestamp("us"), pl.col("gap")
    pause, output = pl.when(gap < 3600).then(gap), pl.col("output_tokens")
    ends = micros + pl.col("latency_ms").fill_null(0) * 1000
    rhythm = {
        "pause": pause,
        "gap_step": _steps(pause, 0.05),
        "since_first": (micros - pl.when(pl.col("position") == 1).then(micros).forward_fill()) / SECOND,
        "since_dry": (micros - pl.col("dry_at").dt.timestamp("us")) / SECOND,
        "minute": micros // (60 * SECOND),
        "hour": micros // (3600 * SECOND),
        "input_step": _steps(pl.col("input_tokens"), 0.02),
        "output_step": _steps(pl.when(output >= 50).then(output), 0.02),
        "is_long": pl.col("category") == "extended_context",
        "charge": pl.when(pl.col("promo_credits") > 0).then("promo_credits"),
        "overlaps": micros < before(ends.cum_max().over("account")),
    }
    return tuple(column.alias(name) for name, column in rhythm.items())


def _steps(quantity: pl.Expr, width: float) -> pl.Expr:
    return ((1 + quantity).log() / width).floor().cast(pl.Int32)


def _homes(accounts: pl.DataFrame) -> pl.LazyFrame:
    """The device and the address prefix that signed each account up."""
    key = pl.col("account_id").hash(seed=0)
    return accounts.lazy().select(*(as_key(name) for name in SIGN_UP), account=key)


@cache
def _places() -> tuple[pl.Expr, ...]:
    """Where each request came from, beside those before it and the sign-up."""
    network = pl.col("network")
    moved = network != before(network)
    elsewhere = pl.when(network.is_not_null()).then(pl.col("overlaps").fill_null(value=False) & moved)
    returns = moved & (network == before(network, 2)) & (pl.col("gap") < 3600)
    unlike = [pl.col(name.removeprefix("signup_")) != pl.col(name) for name in SIGN_UP]
    return (
        elsewhere.alias("elsewhere"),
        returns.alias("returns"),
        _foreign().alias("foreign"),
        (unlike[0] & unlike[1]).alias("stranger"),
    )


def _foreign() -> pl.Expr:
    """A machine and a network that came together, once the account had a past."""
    machine, network = pl.coalesce("device_hash", "client"), pl.col("network")
    # Keys are as good as random: of two, each bit apart or alike is a key of the pair.
    first_machine, first_network = (
        pl.col("position").min().over(pl.col("account").xor(key)) for key in (machine, network)
    )
    late = (first_machine > PAST_EVENTS) & (first_network > PAST_EVENTS)
    together = (first_machine - first_network).abs() <= 3  # a client may warm up with a call or two
    return pl.when(machine.is_not_null() & network.is_not_null()).then(late & together)
