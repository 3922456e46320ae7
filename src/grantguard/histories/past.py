"""Every fact dated once, and the prepared tables as of any moments asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import polars as pl

from grantguard.contract import TIME, Tables
from grantguard.dated import CROWD, FACT, GUEST, Around
from grantguard.histories.bursts import find_guests, let_in, read_among_guests
from grantguard.histories.crowds import count_crowds, find_arrivals, key_crowds
from grantguard.histories.grants import prepare_billing, prepare_grants
from grantguard.histories.keys import as_key, run, run_all
from grantguard.histories.kin import pair_kin
from grantguard.histories.links import find_facts, find_shared_in_use, find_shown, keep_first, key_values
from grantguard.histories.own import Own
from grantguard.histories.purses import prepare_purses
from grantguard.histories.rings import find_rings
from grantguard.histories.thresholds import count_lengths, find_thresholds, is_near
from grantguard.histories.ties import Sharing, prepare_ties, weigh_ties
from grantguard.histories.views import Usage

MOST_EVENTS = 200_000
"""Events of an account that are read at most: its newest."""

READ = (
    *(name for name in Usage.columns() if name != "near_threshold"),
    *("grant_row", "grant_share", "runs_dry"),
)
"""Columns of events that are read as of a moment."""

OWN = pl.col("account", *READ)
"""Those, and whose they are."""

SEEN = pl.col("subject", *READ, "inside", "near_threshold")
"""Columns of events as of a moment."""

WINDOW = ["subject", *Usage.columns()]
"""Columns of events that signals are read from."""

MARGIN_DAYS = 30
"""Days before the first grant and after the last one's end that belong to the promotional era."""


def ask(accounts: Sequence[str] | pl.Series, at: datetime) -> pl.DataFrame:
    """What to ask ``Past`` about: each account as of one moment."""
    ids = pl.Series("account_id", accounts, dtype=pl.String)
    (moment,) = pl.DataFrame([(at,)], {"at": TIME}, orient="row")  # of a time alone, a series takes four times as long
    return pl.DataFrame([ids, moment.new_from_index(0, len(ids))])


def number(asked: pl.DataFrame) -> pl.DataFrame:
    """``account_id`` and ``at`` in the order asked, each with its ``subject``: 0, 1, … in the order of events.

    Events stand by the keys of their accounts; where they stand by subject too, their groups are slices.
    """
    return run(asked.lazy().select("account_id", "at", _place()))


@cache
def _place() -> pl.Expr:
    return (pl.col("account_id").hash(seed=0).rank("ordinal") - 1).cast(pl.UInt32).alias("subject")


def find_rings_at(past: Past, at: datetime) -> pl.DataFrame:
    """``account_id`` and ``ring_id`` of everybody who stands in a ring as of ``at``."""
    asked = number(ask(past.account_ids, at))
    return find_rings(run(past.pair(asked, Sharing.of(past.facts, asked, past.marks))))


@dataclass(frozen=True)
class Histories:
    """The prepared tables of the accounts asked about, each row with its ``subject``.

    ``asked`` is what ``number`` gives, ``purses`` what ``prepare_purses`` does; the others are described, column by
    column, by the view of their name. ``usage`` stands by subject and time.
    """

    asked: pl.DataFrame
    usage: pl.DataFrame
    days: pl.DataFrame
    grants: pl.DataFrame
    billing: pl.DataFrame
    ties: pl.DataFrame
    kin: pl.DataFrame
    purses: pl.DataFrame

    @property
    def rings(self) -> pl.DataFrame:
        """``account_id`` and ``ring_id`` of the accounts that stand in a ring."""
        return find_rings(self.kin)


@dataclass(frozen=True)
class Linked:
    """The two of the prepared tables that say what is shared with others."""

    ties: pl.DataFrame
    kin: pl.DataFrame


UNLINKED = Linked(pl.DataFrame(), pl.DataFrame())
"""Nobody has anything in common with anybody."""


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
        likenesses = run(key_values(own.likenesses))
        signed_up = find_facts(tables).with_columns(as_key("value"))
        found = [signed_up, find_shared_in_use(own.events), likenesses.lazy().select(FACT.names())]
        facts = run(keep_first(pl.concat(found)))
        arrivals = find_arrivals(pl.concat([facts.lazy().select("account_id", "seen_at"), find_shown(own.events)]))
        crowds, marks, lengths = run_all([count_crowds(likenesses, arrivals), own.mark(), count_lengths(own.events)])
        return cls(
            tables=tables,
            events=own.events,
            facts=facts,
            likenesses=likenesses,
            crowds=crowds,
            marks=marks,
            guests=let_in(find_guests(tables, own.events), tables.campaigns),
            thresholds=find_thresholds(lengths),
        )

    @classmethod
    def assembled(cls, own: Own, around: Around) -> Past:
        """The past of some accounts, of their own rows and of what a store had dated of all by one moment.

        What ``own.date()`` gives must have been stored; then all that is asked as of that moment about the
        accounts of ``own`` has the values that it has in the past of everybody.
        """
        keyed = key_values(around.facts), key_values(own.likenesses), key_crowds(around.crowds)
        facts, likenesses, crowds = run_all(keyed)
        return cls(
            tables=own.tables,
            events=own.events,
            facts=facts,
            likenesses=likenesses,
            crowds=crowds,
            marks=around.milestones,
            guests=let_in(around.guests, own.tables.campaigns),
            thresholds=around.thresholds,
        )

    @classmethod
    def apart(cls, own: Own, thresholds: pl.DataFrame) -> Past:
        """The past of some accounts by themselves: their own rows, and no word of what they share."""
        facts, guests, crowds = FACT.to_frame(), GUEST.to_frame(), CROWD.to_frame()
        return cls.assembled(own, Around(facts, guests, run(own.mark()), crowds, thresholds))

    @property
    def account_ids(self) -> pl.Series:
        """Every account that any table mentions, sorted."""
        return pl.concat([self.marks["account_id"], self.tables.grants["account_id"]]).unique().sort()

    def up_to(self, asked: pl.DataFrame, linked: Linked | None = None) -> Histories:
        """The prepared tables for ``asked`` (``account_id``, ``at``), nothing after each ``at`` being read.

        ``linked`` is what ``link`` gave of the same.
        """
        asked = number(asked)
        shared = self._link(asked) if linked is None else (linked.ties.lazy(), linked.kin.lazy())
        seen = self._seen(asked)
        usage = _window(seen)
        given = prepare_grants(self.tables, seen, asked, self.marks)
        billed = prepare_billing(self.tables.billing, seen, asked)
        ties, kin, days, grants, billing = run_all([*shared, _by_day(usage), given, billed])
        return Histories(
            asked=asked,
            usage=usage,
            days=days,
            grants=grants,
            billing=billing,
            ties=ties,
            kin=kin,
            purses=prepare_purses(asked, seen, grants, days),
        )

    def link(self, asked: pl.DataFrame) -> Linked:
        """What ``asked`` (``account_id``, ``at``) have in common with others by each ``at``; no event is read."""
        return Linked(*run_all(self._link(number(asked))))

    def _link(self, asked: pl.DataFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        """The two of ``Linked``."""
        sharing = Sharing.of(self.facts, asked, self.marks)
        ties = prepare_ties(sharing, self.likenesses, self.crowds)
        counted = read_among_guests(ties, self.facts, self.guests, asked, self.marks)
        return weigh_ties(counted), self.pair(asked, sharing)

    def pair(self, asked: pl.DataFrame, sharing: Sharing) -> pl.LazyFrame:
        """The pairs of kin of those asked about (``subject, account_id, at``)."""
        return pair_kin(sharing, self.crowds, asked, self.marks, self.guests)

    def _seen(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Events of the accounts asked about up to their moments, by subject and time, and which lie ``inside``.

        Inside is the promotional era of each subject and ``MARGIN_DAYS`` around it.
        """
        known = self.events.lazy().select(OWN)
        # A left join leaves the events where they are; who is not asked about has no moment.
        theirs = known.join(self._eras(asked), on="account", how="left", maintain_order="left")
        dated = theirs.filter(pl.col("occurred_at") <= pl.col("at")).with_columns(_places_in_era())
        seen = run(dated.select(SEEN))
        if asked["account_id"].n_unique() == asked.height:
            return seen.with_columns(pl.col("subject").set_sorted())
        return seen.sort("subject", maintain_order=True)

    def _eras(self, asked: pl.DataFrame) -> pl.LazyFrame:
        """When each subject's promotional era opens and closes, and the threshold of its moment."""
        given = self.tables.grants.lazy().join(asked.lazy(), on="account_id")
        era = given.filter(pl.col("granted_at") <= pl.col("at")).group_by("subject").agg(_era())
        known = asked.lazy().select("subject", "at", account=pl.col("account_id").hash(seed=0))
        return self._with_threshold(known).join(era, on="subject", how="left")

    def _with_threshold(self, known: pl.LazyFrame) -> pl.LazyFrame:
        if self.thresholds.is_empty():
            return known.with_columns(threshold=pl.lit(None, pl.Float64))
        dated = known.sort("at").join_asof(self.thresholds.lazy(), left_on="at", right_on="when", strategy="backward")
        return dated.drop("when")


@cache
def _era() -> tuple[pl.Expr, pl.Expr]:
    margin = pl.duration(days=MARGIN_DAYS)
    opens = pl.col("granted_at").min() - margin
    closes = pl.col("expires_at").fill_null(pl.col("at")).max() + margin
    return opens.alias("opens"), closes.alias("closes")


@cache
def _places_in_era() -> tuple[pl.Expr, pl.Expr]:
    """Whether an event lies ``inside`` its subject's era, and near the threshold of the moment asked about."""
    inside = pl.col("occurred_at").is_between(pl.col("opens"), pl.col("closes")) | pl.col("opens").is_null()
    return inside.alias("inside"), is_near(pl.col("threshold")).alias("near_threshold")


def _window(seen: pl.DataFrame) -> pl.DataFrame:
    """What each subject's signals are read from: its newest events inside."""
    usage = seen[WINDOW] if seen["inside"].all() else seen[WINDOW].filter(seen["inside"])
    if usage.height > MOST_EVENTS:
        usage = usage.filter(pl.int_range(pl.len(), 0, -1).over("subject") <= MOST_EVENTS)
    return usage


def _by_day(usage: pl.DataFrame) -> pl.LazyFrame:
    read = usage.lazy().select("subject", "occurred_at", "ip_prefix_hash", *_within_a_day())
    days = read.with_columns(_number_of_day()).group_by("number", maintain_order=True).agg(_of_a_day())
    return days.select(_day())


@cache
def _within_a_day() -> tuple[pl.Expr, ...]:
    """The day, the machine, and the pause before a request but for one longer than a day."""
    machine = pl.col("device_hash").fill_null(0).xor(pl.col("client").fill_null(0))
    pause = pl.when(pl.col("gap") < 86_400).then("gap")
    return pl.col("occurred_at").dt.truncate("1d").alias("day"), machine.alias("machine"), pause.alias("pause")


@cache
def _number_of_day() -> pl.Expr:
    # Usage stands by subject and time: where days have running numbers, their groups are slices.
    begins = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ("subject", "day"))
    return begins.cum_sum().set_sorted().alias("number")


@cache
def _of_a_day() -> tuple[pl.Expr, ...]:
    """What is read of a day's requests, which stand by time."""
    told = {
        "begins": pl.col("occurred_at").first(),
        "ends": pl.col("occurred_at").last(),
        "pause": pl.col("pause").max(),
        "events": pl.len(),
        "prefixes": pl.col("ip_prefix_hash").drop_nulls().n_unique(),
        "clients": pl.col("machine").n_unique(),
    }
    return pl.col("subject", "day").first(), *(value.alias(name) for name, value in told.items())


@cache
def _day() -> tuple[pl.Expr, ...]:
    """The columns of ``views.Days``."""
    first, last = ((pl.col(name) - pl.col("day")).dt.total_seconds() for name in ("begins", "ends"))
    told = {
        "rest": pl.max_horizontal("pause", first, 86_400 - last) / 3600,
        "first_second": first.cast(pl.Float64),
    }
    counted = pl.col("events", "prefixes", "clients").cast(pl.Int64)
    return pl.col("subject", "day"), *(value.alias(name) for name, value in told.items()), counted
