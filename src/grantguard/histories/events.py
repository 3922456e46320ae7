"""Every event with what was true of its account when it happened."""

from __future__ import annotations

from functools import cache

import polars as pl

from grantguard.contract import Tables
from grantguard.histories.charging import charge, with_balance
from grantguard.histories.keys import PAST_EVENTS, as_key, run

KEYED = (
    *("ip_hash", "ip_prefix_hash", "network", "device_hash", "client"),
    *("session_id", "prompt_hash", "template_hash", "model"),
)
"""Columns whose texts are read only as equal or unlike."""

UNREAD = ("country",)
"""Columns that nothing reads: no signal scores where somebody is."""

SECOND = 1_000_000
"""Microseconds."""


def prepare_events(tables: Tables) -> pl.DataFrame:
    """All usage, by account and time, with the columns of ``views.Usage`` that look back only.

    ``account`` is the key of ``account_id``, ``row`` the event's place.
    """
    events = charge(run(put_in_order(tables.usage)), tables.grants)
    prepared = _with_places(_with_rhythm(with_balance(events, tables.grants)), tables.accounts)
    return run(prepared.drop("funding", "spend"))


def put_in_order(usage: pl.DataFrame) -> pl.LazyFrame:
    """Usage by account and time, texts as keys, with ``row`` and ``position``: which of its account's it is, from 1."""
    keyed = usage.lazy().select(
        pl.exclude("event_id", *KEYED, *UNREAD),
        *(as_key(column) for column in KEYED),
        account=pl.col("account_id").hash(seed=0),
        event=pl.col("event_id"),
    )
    begins = (pl.col("account") != pl.col("account").shift(1)).fill_null(value=True)
    first = pl.when(begins).then("row").forward_fill()
    return (
        keyed.sort("account", "occurred_at", "event")
        .drop("event")
        .with_columns(row=pl.int_range(pl.len()))
        .with_columns(position=pl.col("row") - first + 1)
    )


def before(column: pl.Expr, steps: int = 1) -> pl.Expr:
    """What the column said so many of the account's events before; null for its first ones."""
    return pl.when(pl.col("position") > steps).then(column.shift(steps))


def _with_rhythm(events: pl.LazyFrame) -> pl.LazyFrame:
    micros = pl.col("occurred_at").dt.timestamp("us")
    gap = (micros - before(micros)) / SECOND
    ends = micros + pl.col("latency_ms").fill_null(0) * 1000
    return events.with_columns(
        gap=gap,
        gap_step=pl.when(gap < 3600).then(_steps(gap, 0.05)),
        since_first=(micros - pl.when(pl.col("position") == 1).then(micros).forward_fill()) / SECOND,
        since_dry=(micros - pl.col("dry_at").dt.timestamp("us")) / SECOND,
        minute=micros // (60 * SECOND),
        hour=micros // (3600 * SECOND),
        input_step=_steps(pl.col("input_tokens"), 0.02),
        output_step=_steps(pl.col("output_tokens"), 0.02),
        overlaps=micros < before(ends.cum_max().over("account")),
    ).drop("latency_ms")


def _steps(quantity: pl.Expr, width: float) -> pl.Expr:
    return ((1 + quantity).log() / width).floor().cast(pl.Int32)


def _with_places(events: pl.LazyFrame, accounts: pl.DataFrame) -> pl.LazyFrame:
    home = accounts.lazy().select(
        as_key("signup_device_hash"), as_key("signup_ip_prefix_hash"), account=pl.col("account_id").hash(seed=0)
    )
    network = pl.col("network")
    moved = network != before(network)
    return (
        events.join(home, on="account", how="left", maintain_order="left")
        .with_columns(
            elsewhere=pl.when(network.is_not_null()).then(pl.col("overlaps").fill_null(value=False) & moved),
            returns=moved & (network == before(network, 2)) & (pl.col("gap") < 3600),
            foreign=_foreign(),
            stranger=(pl.col("device_hash") != pl.col("signup_device_hash"))
            & (pl.col("ip_prefix_hash") != pl.col("signup_ip_prefix_hash")),
        )
        .drop("signup_device_hash", "signup_ip_prefix_hash")
    )


@cache
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
