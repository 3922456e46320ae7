"""Every fact dated once, and the prepared tables as of any moments asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from grantguard.contract import TIME, Tables
from grantguard.dated import FACT, Around
from grantguard.histories.bursts import find_guests, let_in, read_among_guests
from grantguard.histories.crowds import count_crowds, key_crowds
from grantguard.histories.grants import prepare_billing, prepare_grants
from grantguard.histories.kin import pair_kin
from grantguard.histories.links import find_facts, find_facts_in_use, keep_first, key_values
from grantguard.histories.own import Own
from grantguard.histories.rings import find_rings
from grantguard.histories.thresholds import count_lengths, find_thresholds, with_threshold
from grantguard.histories.ties import prepare_ties
from grantguard.histories.views import Usage

MOST_EVENTS = 200_000
"""Events of an account that are read at most: its newest."""

UNREAD = ("ip_hash", "dry_at", "grant_id")
"""Columns of events that facts are made of and no signal reads."""

MARGIN_DAYS = 30
"""Days before the first grant and after the last one's end that belong to the promotional era."""


def ask(accounts: Sequence[str] | pl.Series, at: datetime) -> pl.DataFrame:
    """What to ask ``Past`` about: each account as of one moment."""
    ids = pl.Series("account_id", accounts, dtype=pl.String)
    return ids.to_frame().with_columns(at=pl.lit(at, TIME))


def find_rings_at(past: Past, at: datetime) -> pl.DataFrame:
    """``account_id`` and ``ring_id`` of everybody who stands in a ring as of ``at``."""
    asked = ask(past.account_ids, at).with_row_index("subject")
    return find_rings(pair_kin(past.facts, past.crowds, asked, past.marks, past.guests))


@dataclass(frozen=True)
class Histories:
    """The prepared tables of the accounts asked about, each row with its ``subject``.

    ``asked`` has ``subject`` (0, 1, … in the order asked), ``account_id`` and ``at``; the others are described,
    column by column, by the view of their name.
    """

    asked: pl.DataFrame
    usage: pl.DataFrame
    days: pl.DataFrame
    grants: pl.DataFrame
    billing: pl.DataFrame
    ties: pl.DataFrame
    kin: pl.DataFrame

    @property
    def rings(self) -> pl.DataFrame:
        """``account_id`` and ``ring_id`` of the accounts that stand in a ring."""
        return find_rings(self.kin)


@dataclass(frozen=True)
class Past:
    """All that happened, dated: events with their look-back columns, links as first-seen facts."""

    tables: Tables
    events: pl.DataFrame
    facts: pl.DataFrame
    likenesses: pl.DataFrame
    crowds: pl.DataFrame
    marks: pl.DataFrame
    guests: pl.DataFrame
    thresholds: pl.DataFrame

    @classmethod
    def of(cls, tables: Tables) -> Past:
        """Date every fact of the tables, which hold all accounts."""
        own = Own.of(tables)
        likenesses = key_values(own.likenesses)
        found = [key_values(find_facts(tables)), find_facts_in_use(own.events), likenesses.select(FACT.names())]
        facts = keep_first(pl.concat(found))
        return cls(
            tables=tables,
            events=own.events,
            facts=facts,
            likenesses=likenesses,
            crowds=count_crowds(likenesses, facts),
            marks=own.mark(),
            guests=let_in(find_guests(tables, own.events), tables.campaigns),
            thresholds=find_thresholds(count_lengths(own.events)),
        )

    @classmethod
    def assembled(cls, own: Own, around: Around) -> Past:
        """The past of some accounts, of their own rows and of what a store had dated of all by one moment.

        What ``own.date()`` gives must have been stored; then all that is asked as of that moment about the
        accounts of ``own`` has the values that it has in the past of everybody.
        """
        return cls(
            tables=own.tables,
            events=own.events,
            facts=key_values(around.facts),
            likenesses=key_values(own.likenesses),
            crowds=key_crowds(around.crowds),
            marks=around.milestones,
            guests=let_in(around.guests, own.tables.campaigns),
            thresholds=around.thresholds,
        )

    @property
    def account_ids(self) -> pl.Series:
        """Every account that any table mentions, sorted."""
        return pl.concat([self.marks["account_id"], self.tables.grants["account_id"]]).unique().sort()

    def up_to(self, asked: pl.DataFrame) -> Histories:
        """The prepared tables for ``asked`` (``account_id``, ``at``), nothing after each ``at`` being read."""
        asked = asked.select("account_id", "at").with_row_index("subject")
        seen = self._seen(asked)
        usage = with_threshold(self._window(seen, asked), asked, self.thresholds)
        return Histories(
            asked=asked,
            usage=usage,
            days=_by_day(usage),
            grants=prepare_grants(self.tables, seen, asked, self.marks),
            billing=prepare_billing(self.tables.billing, seen, asked),
            ties=self._ties(asked),
            kin=pair_kin(self.facts, self.crowds, asked, self.marks, self.guests),
        )

    def _seen(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Events of the accounts asked about up to their moments, by subject and time."""
        read = self.events.lazy().select(pl.exclude(*UNREAD))
        joined = asked.lazy().join(read, on="account_id", maintain_order="left_right")
        return joined.filter(pl.col("occurred_at") <= pl.col("at")).collect()

    def _ties(self, asked: pl.DataFrame) -> pl.DataFrame:
        ties = prepare_ties(self.facts, self.likenesses, self.crowds, asked, self.marks)
        return read_among_guests(ties, self.facts, self.guests, asked, self.marks)

    def _window(self, seen: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
        """The promotional era of each subject and ``MARGIN_DAYS`` around it, its newest events."""
        margin = pl.duration(days=MARGIN_DAYS)
        era = (
            self.tables.grants.join(asked, on="account_id")
            .filter(pl.col("granted_at") <= pl.col("at"))
            .group_by("subject")
            .agg(
                opens=pl.col("granted_at").min() - margin,
                closes=pl.col("expires_at").fill_null(pl.col("at")).max() + margin,
            )
        )
        inside = pl.col("occurred_at").is_between(pl.col("opens"), pl.col("closes")) | pl.col("opens").is_null()
        newest = pl.int_range(pl.len(), 0, -1).over("subject") <= MOST_EVENTS
        read = [name for name in Usage.columns() if name in seen.columns]
        return (
            seen.lazy()
            .select("subject", *read)
            .join(era.lazy(), on="subject", how="left", maintain_order="left")
            .filter(inside)
            .filter(newest)
            .select("subject", *read)
            .collect()
        )


def _by_day(usage: pl.DataFrame) -> pl.DataFrame:
    opened = pl.col("occurred_at").dt.truncate("1d")
    machine = pl.col("device_hash").fill_null(0).xor(pl.col("client").fill_null(0))
    return (
        usage.lazy()
        .group_by("subject", day=opened)
        .agg(
            events=pl.len().cast(pl.Int64),
            rest=pl.max_horizontal(pl.col("gap").filter(pl.col("gap") < 86_400).max().fill_null(0), _edges()) / 3600,
            first_second=(pl.col("occurred_at").min() - opened.first()).dt.total_seconds().cast(pl.Float64),
            prefixes=pl.col("ip_prefix_hash").drop_nulls().n_unique().cast(pl.Int64),
            clients=machine.n_unique().cast(pl.Int64),
        )
        .sort("subject", "day")
        .collect()
    )


def _edges() -> pl.Expr:
    """Seconds from midnight to the first event, and from the last one to midnight, whichever is longer."""
    second = (pl.col("occurred_at") - pl.col("occurred_at").dt.truncate("1d")).dt.total_seconds()
    return pl.max_horizontal(second.min(), 86_400 - second.max())
