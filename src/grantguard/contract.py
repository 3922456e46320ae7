"""The shapes of everything that enters and leaves, as data.

Column names, units and meanings are fixed here; files and HTTP both read them from here.
Null means *not known*, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import polars as pl

TIME: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column: its name, Polars type and meaning, and what a value must obey."""

    name: str
    dtype: pl.DataType
    meaning: str
    required: bool = False
    least: float | None = None
    above: float | None = None
    among: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Table:
    """One table: its columns, the columns that identify a row, and the time that dates it."""

    name: str
    columns: tuple[Column, ...]
    identity: tuple[str, ...]
    dated_by: str | None = None

    @cached_property
    def schema(self) -> pl.Schema:
        """The Polars schema: every column, required and optional, in contract order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the columns that a file must have."""
        return tuple(column.name for column in self.columns if column.required)

    def empty(self) -> pl.DataFrame:
        """A frame of this shape without rows."""
        return pl.DataFrame(schema=self.schema)


def _text(name: str, meaning: str, *, required: bool = False, among: tuple[str, ...] | None = None) -> Column:
    return Column(name, pl.String(), meaning, required=required, among=among)


def _time(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, TIME, meaning, required=required)


def _number(name: str, meaning: str, *, required: bool = False, above: float | None = None) -> Column:
    least = 0.0 if above is None else None
    return Column(name, pl.Float64(), meaning, required=required, least=least, above=above)


def _count(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, pl.Int64(), meaning, required=required, least=0)


MULTIPLIERS: Final[dict[str, float]] = {
    "extended_context": 3.5,
    "complex_reasoning": 2.0,
    "tool_use": 1.5,
    "standard_chat": 1.0,
}
"""List-price value that one credit buys, by usage category; a category not listed counts 1."""

CATEGORIES: Final = tuple(MULTIPLIERS)
STATUSES: Final = ("ok", "error", "cancelled", "refunded")
FUNDINGS: Final = ("grant", "paid")
BILLING_KINDS: Final = ("payment", "refund", "chargeback", "subscribe", "cancel")
LABELS_GIVEN: Final = ("abuse", "genuine", "compromised")

ACCOUNTS: Final = Table(
    "accounts",
    (
        _text("account_id", "the account", required=True),
        _time("created_at", "when it was opened", required=True),
        _text("plan", "free, pro, max, team, enterprise; others are kept as they are", required=True),
        _text("organization_id", "the Team that it is a seat of"),
        _text("signup_country", "ISO 3166-1 alpha-2; never scored"),
        _text("email_domain", "the domain of its mail address"),
        _text("referred_by", "the account that brought it"),
        _text("payment_hash", "keyed hash of its payment instrument"),
        _text("signup_ip_hash", "keyed hash of the address it signed up from"),
        _text("signup_ip_prefix_hash", "keyed hash of that address's /24, or /64 of v6"),
        _text("signup_device_hash", "keyed hash of the device it signed up on"),
        _text("email_hash", "keyed hash of its canonical mail address"),
        _time("deleted_at", "when it was deleted"),
    ),
    identity=("account_id",),
)

GRANTS: Final = Table(
    "grants",
    (
        _text("grant_id", "the grant", required=True),
        _text("account_id", "whom it was given to", required=True),
        _text("campaign", "what it was given for", required=True),
        _text("kind", "starter, referral, milestone, launch, team, compensation, …", required=True),
        _time("granted_at", "when it was given", required=True),
        _time("expires_at", "when what is left lapses; null: never"),
        _number("credits", "how much was given, in credits", required=True, above=0.0),
        _text("category", "the one usage category it can be spent on; null: any"),
    ),
    identity=("grant_id",),
    dated_by="granted_at",
)

USAGE: Final = Table(
    "usage",
    (
        _text("event_id", "the request", required=True),
        _text("account_id", "who made it", required=True),
        _time("occurred_at", "when it began", required=True),
        _text("category", "the kind of compute that was used", required=True, among=CATEGORIES),
        _count("input_tokens", "tokens sent", required=True),
        _count("output_tokens", "tokens delivered", required=True),
        _number("credits", "what was charged, in credits", required=True),
        _text("grant_id", "the grant that paid"),
        _text("funding", "grant or paid; null: not known", among=FUNDINGS),
        _text("status", "ok, error, cancelled or refunded", required=True, among=STATUSES),
        _count("latency_ms", "how long it took, in milliseconds"),
        _text("session_id", "the conversation or run it belongs to"),
        _text("ip_hash", "keyed hash of the client's address"),
        _text("ip_prefix_hash", "keyed hash of that address's prefix"),
        _text("network", "the client's autonomous system, such as AS64500"),
        _text("country", "the client's country; only its changes are read"),
        _text("device_hash", "keyed hash of the device"),
        _text("client", "user agent family or SDK"),
        _text("prompt_hash", "keyed hash of the whole prompt"),
        _text("template_hash", "keyed hash of the prompt's leading, reusable part"),
        _text("model", "the model asked for"),
    ),
    identity=("account_id", "occurred_at", "event_id"),
    dated_by="occurred_at",
)

BILLING: Final = Table(
    "billing",
    (
        _text("billing_id", "the billing event", required=True),
        _text("account_id", "whose it is", required=True),
        _time("occurred_at", "when it happened", required=True),
        _text("kind", "payment, refund, chargeback, subscribe or cancel", required=True, among=BILLING_KINDS),
        _number("amount_usd", "its amount, in US dollars", required=True),
    ),
    identity=("billing_id",),
    dated_by="occurred_at",
)

CAMPAIGNS: Final = Table(
    "campaigns",
    (
        _text("campaign", "the campaign", required=True),
        _text("kind", "the kind of its grants", required=True),
        _time("starts_at", "when it opens"),
        _time("ends_at", "when it closes"),
        _number("milestone", "what a milestone grant rewards, in events"),
        _count("audience", "how many accounts it is meant for"),
        _count("expected_accounts", "how many accounts a registered burst brings"),
        _time("expected_from", "when a registered burst begins"),
        _time("expected_until", "when a registered burst ends"),
        _text("network", "the network that a registered burst comes from"),
        _text("email_domain", "the mail domain that a registered burst comes from"),
        _text("note", "who registered it and why"),
    ),
    identity=("campaign",),
)

LABELS: Final = Table(
    "labels",
    (
        _text("account_id", "whom the verdict is about; or ring_id"),
        _text("ring_id", "the ring whose members the verdict is about"),
        _text("label", "abuse, genuine or compromised", required=True, among=LABELS_GIVEN),
        _time("labelled_at", "when it was given; signals are read as of then", required=True),
        _text("reviewer", "who gave it"),
        _text("technique", "what the reviewer saw"),
    ),
    identity=("account_id", "ring_id", "labelled_at", "label"),
    dated_by="labelled_at",
)

TRUTH: Final = Table(
    "truth",
    (
        _text("account_id", "the account", required=True),
        _text("role", "genuine or abuse", required=True, among=("genuine", "abuse")),
        _text("kind", "the technique, or the cohort", required=True),
        _text("ring", "the ring it belongs to"),
    ),
    identity=("account_id",),
)

INPUTS: Final = (ACCOUNTS, GRANTS, USAGE, BILLING, CAMPAIGNS, LABELS)


@dataclass(frozen=True)
class Tables:
    """A data directory's content: one frame a table, each with every column of its schema."""

    accounts: pl.DataFrame
    grants: pl.DataFrame
    usage: pl.DataFrame
    billing: pl.DataFrame
    campaigns: pl.DataFrame
    labels: pl.DataFrame

    @classmethod
    def of(cls, **frames: pl.DataFrame) -> Tables:
        """Tables from the frames at hand; a table or an optional column not given is empty or null.

        Raises ``TypeError`` for a name that is not a table and Polars' own errors for a column
        that cannot be cast to its contract type.
        """
        complete = {table.name: complete_columns(frames.pop(table.name, table.empty()), table) for table in INPUTS}
        if frames:
            raise TypeError(f"no such table: {', '.join(frames)}")
        return cls(**complete)


def complete_columns(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The frame with exactly the table's columns, in order and type; what it lacks is null."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in table.schema.items()
    )
