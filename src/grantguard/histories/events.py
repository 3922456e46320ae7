"""Every event with what was true of its account when it happened."""

from __future__ import annotations

import polars as pl

from grantguard.contract import Tables
from grantguard.histories.charging import charge, with_balance
from grantguard.histories.keys import PAST_EVENTS, as_key

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
    """All usage, sorted by account and time, with the columns of ``views.Usage`` that look back only."""
    keyed = tables.usage.select(pl.exclude(*KEYED, *UNREAD), *(as_key(column) for column in KEYED))
    events = with_balance(charge(keyed, tables.grants), tables.grants).drop("event_id", "funding")
    return _with_places(_with_rhythm(events), tables.accounts)


def _with_rhythm(events: pl.DataFrame) -> pl.DataFrame:
    micros = pl.col("occurred_at").dt.timestamp("us")
    return (
        events.with_columns(
            gap=micros.diff().over("account_id") / SECOND,
            position=pl.int_range(1, pl.len() + 1).over("account_id"),
            since_first=(micros - micros.min().over("account_id")) / SECOND,
            since_dry=(micros - pl.col("dry_at").dt.timestamp("us")) / SECOND,
            minute=micros // (60 * SECOND),
            hour=micros // (3600 * SECOND),
            ends=micros + pl.col("latency_ms").fill_null(0) * 1000,
            input_step=_steps(pl.col("input_tokens"), 0.02),
            output_step=_steps(pl.col("output_tokens"), 0.02),
        )
        .with_columns(
            gap_step=pl.when(pl.col("gap") < 3600).then(_steps(pl.col("gap"), 0.05)),
            overlaps=micros < pl.col("ends").cum_max().shift(1).over("account_id"),
        )
        .drop("ends", "latency_ms")
    )


def _steps(quantity: pl.Expr, width: float) -> pl.Expr:
    return ((1 + quantity).log() / width).floor().cast(pl.Int32)


def _with_places(events: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    home = accounts.select("account_id", as_key("signup_device_hash"), as_key("signup_ip_prefix_hash"))
    network = pl.col("network")
    last, before_last = (network.shift(step).over("account_id") for step in (1, 2))
    moved = network != last
    return (
        events.join(home, on="account_id", how="left", maintain_order="left")
        .with_columns(
            elsewhere=pl.when(network.is_not_null()).then(pl.col("overlaps").fill_null(value=False) & moved),
            returns=moved & (network == before_last) & (pl.col("gap") < 3600),
            machine=pl.coalesce("device_hash", "client"),
            stranger=(pl.col("device_hash") != pl.col("signup_device_hash"))
            & (pl.col("ip_prefix_hash") != pl.col("signup_ip_prefix_hash")),
        )
        .with_columns(foreign=_foreign())
        .drop("machine", "signup_device_hash", "signup_ip_prefix_hash")
    )


def _foreign() -> pl.Expr:
    """A machine and a network that came together, once the account had a past."""
    first_machine, first_network = (pl.col("position").min().over("account_id", key) for key in ("machine", "network"))
    late = (first_machine > PAST_EVENTS) & (first_network > PAST_EVENTS)
    together = (first_machine - first_network).abs() <= 3  # a client may warm up with a call or two
    known = pl.col("machine").is_not_null() & pl.col("network").is_not_null()
    return pl.when(known).then(late & together)
