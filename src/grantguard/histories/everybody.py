"""What the accounts of one bucket say to all others, as of one moment; and the past of a bucket among everybody.

A population too large to be read at once is read bucket by bucket of accounts, twice: ``Share.of`` each bucket says
what others need of it, keys only; ``Everybody`` is what all of them said; ``past_among`` reads one bucket as it is
among all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from grantguard.contract import TIME, Tables
from grantguard.dated import ANYONE, FACT
from grantguard.histories.bursts import LESSENED, find_guests, let_in
from grantguard.histories.crowds import COUNTED, CROWD, name_crowd
from grantguard.histories.keys import as_key, run, run_all
from grantguard.histories.kin import FEW
from grantguard.histories.links import VALUE, find_facts, find_facts_in_use, keep_first, key_values
from grantguard.histories.own import Own
from grantguard.histories.past import Past
from grantguard.histories.thresholds import count_lengths, find_thresholds
from grantguard.histories.ties import PAIRS_ALONE


@dataclass(frozen=True)
class Share:
    """What one bucket's accounts had shown by a moment, values and likenesses as keys.

    ``facts`` has every value, ``guest_facts`` what is read of guests of bursts; ``arrived`` has a key (``account``) of
    each account that had shown any: who brought others is told of by their buckets too.
    """

    facts: pl.DataFrame
    likenesses: pl.DataFrame
    marks: pl.DataFrame
    guests: pl.DataFrame
    guest_facts: pl.DataFrame
    lengths: pl.DataFrame
    arrived: pl.DataFrame

    @classmethod
    def of(cls, own: Own, at: datetime) -> Share:
        """What the bucket's rows say."""
        likenesses = run(key_values(own.likenesses).filter(pl.col("seen_at") <= at))
        signed_up = find_facts(own.tables).with_columns(as_key("value"))
        found = [signed_up, find_facts_in_use(own.events), likenesses.lazy().select(FACT.names())]
        facts = run(keep_first(pl.concat(found).filter(pl.col("seen_at") <= at)))
        guests = find_guests(own.tables, own.events)
        lessened = pl.col("kind").is_in(LESSENED) & ~pl.col("kind").is_in(PAIRS_ALONE)
        theirs = facts.filter(lessened).join(guests, on="account_id", how="semi")
        arrived = facts.select(account=pl.col("account_id").hash(seed=0)).unique()
        marks, lengths = run_all([own.mark(), count_lengths(own.events)])
        return cls(facts, likenesses, marks, guests, theirs, lengths, arrived)

    @property
    def said_alone(self) -> pl.DataFrame:
        """The facts that say something also where nobody else shows the value.

        What pairs alone are made of is not among them: of a hub, the bucket's own holders would look like few.
        """
        return self.facts.filter(~pl.col("kind").is_in(PAIRS_ALONE))


@dataclass(frozen=True)
class Everybody:
    """What all buckets said, as of one moment, but for the facts."""

    crowds: pl.DataFrame
    marks: pl.DataFrame
    guests: pl.DataFrame
    guest_facts: pl.DataFrame
    thresholds: pl.DataFrame

    @classmethod
    def of(cls, told: Mapping[str, pl.DataFrame], campaigns: pl.DataFrame, at: datetime) -> Everybody:
        """Of all that the shares of all buckets say, by the names of ``Share``, but for ``facts``."""
        in_crowds = count_in_crowds(told["likenesses"]).with_columns(when=pl.lit(at, TIME))
        arrived = pl.lit(told["arrived"]["account"].n_unique(), pl.Int64)
        anyone = name_anyone(pl.select(kind=pl.lit(ANYONE), when=pl.lit(at, TIME), n=arrived))
        return cls.counted(
            pl.concat([in_crowds, anyone.select(in_crowds.columns)]),
            {**told, "thresholds": find_thresholds(told["lengths"])},
            campaigns,
        )

    @classmethod
    def counted(cls, crowds: pl.DataFrame, told: Mapping[str, pl.DataFrame], campaigns: pl.DataFrame) -> Everybody:
        """Of what is counted already: ``kind, crowd, when, n``, how many there were of each crowd over all, by when.

        ``told`` has ``marks``, ``guests``, ``guest_facts`` and ``thresholds``.
        """
        return cls(
            crowds=crowds.sort("when"),
            marks=told["marks"],
            guests=let_in(told["guests"], campaigns),
            guest_facts=told["guest_facts"],
            thresholds=told["thresholds"],
        )


def count_in_crowds(likenesses: pl.DataFrame) -> pl.DataFrame:
    """``kind``, ``crowd`` and ``n``: how many of these accounts stand in each crowd; counts of buckets add up."""
    joined = likenesses.lazy().filter(pl.col("bin").is_not_null())
    kinds = [joined.select("kind", crowd=name_crowd(*shared)) for shared in COUNTED.values()]
    return run(pl.concat(kinds).group_by(CROWD).agg(n=pl.len().cast(pl.Int64)))


def count_until(likenesses: pl.DataFrame, moments: pl.Series) -> pl.DataFrame:
    """``kind, crowd, when, n``: how many joined each crowd by each of some moments, since the one before.

    ``moments`` stand in order; counts of buckets, and of moments up to one, add up.
    """
    dated = _date_by(likenesses, moments).filter(pl.col("bin").is_not_null())
    kinds = [dated.select("kind", "when", crowd=name_crowd(*shared)) for shared in COUNTED.values()]
    return run(pl.concat(kinds).lazy().group_by(*CROWD, "when").agg(n=pl.len().cast(pl.Int64)))


def count_arrivals_until(arrivals: pl.DataFrame, moments: pl.Series) -> pl.DataFrame:
    """``kind, when, n``: how many of ``arrivals`` (``seen_at``) came by each of some moments, since the one before."""
    counted = _date_by(arrivals, moments).group_by("when").agg(n=pl.len().cast(pl.Int64))
    return counted.select("when", "n", kind=pl.lit(ANYONE))


def _date_by(rows: pl.DataFrame, moments: pl.Series) -> pl.DataFrame:
    """The rows with ``when``: the first of the moments by which each is known; later ones are left out."""
    return (
        rows.sort("seen_at")
        .join_asof(moments.to_frame("when").with_columns(seen_at="when"), on="seen_at", strategy="forward")
        .drop_nulls("when")
    )


def name_anyone(counts: pl.DataFrame) -> pl.DataFrame:
    """Counts of everybody with the ``crowd`` that they are of."""
    return counts.with_columns(crowd=name_crowd())


def find_bucket(buckets: int) -> pl.Expr:
    """The bucket of an account."""
    return (pl.col("account_id").hash(seed=0) % buckets).cast(pl.Int32).alias("bucket")


def find_shared(facts: pl.DataFrame) -> pl.DataFrame:
    """Of facts of all accounts, those of values that more than one showed and that are no hub of pairs alone."""
    holders = pl.len().over(VALUE)
    limit = pl.col("kind").replace_strict(FEW, default=None, return_dtype=pl.UInt32)
    is_hub = pl.col("kind").is_in(PAIRS_ALONE) & (holders > limit)
    return run(facts.lazy().filter((holders > 1) & ~is_hub.fill_null(value=False)))


@dataclass(frozen=True)
class Bucket:
    """Some accounts, with all that is their own.

    ``facts`` are theirs (``Share.said_alone``) and all shared ones (``find_shared``) of the values among them;
    ``tables`` need not have ``usage``: ``events`` are prepared.
    """

    account_ids: pl.Series
    tables: Tables
    events: pl.DataFrame
    facts: pl.DataFrame
    likenesses: pl.DataFrame


def past_among(everybody: Everybody, bucket: Bucket) -> Past:
    """The past of a bucket, exact as of the moment of ``everybody``."""
    # Whoever brought others is named as often as there are buckets of them: the first of it counts.
    facts = run(keep_first(pl.concat([bucket.facts, everybody.guest_facts]).lazy()))
    known = pl.concat([bucket.account_ids, facts["account_id"]]).unique().to_frame()
    crowds = [bucket.likenesses.select("kind", crowd=name_crowd(*shared)) for shared in COUNTED.values()]
    crowds.append(pl.select(kind=pl.lit(ANYONE), crowd=name_crowd()))
    return Past(
        tables=bucket.tables,
        events=bucket.events,
        facts=facts,
        likenesses=bucket.likenesses,
        crowds=everybody.crowds.join(pl.concat(crowds), on=CROWD, how="semi"),
        marks=everybody.marks.join(known, on="account_id", how="semi"),
        guests=everybody.guests,
        thresholds=everybody.thresholds,
    )
