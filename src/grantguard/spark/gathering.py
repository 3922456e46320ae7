"""The accounts that a forest is made of, on a cluster: read where they lie, but for a sample and what it is asked.

What comes to the driver is bounded, whatever the cluster holds: the reference (``Recipe.most_accounts`` accounts, at
every landmark) and the nearest of its kin, those that trees grow on (``MOST_GROWN``), campaigns, verdicts and whom they
are about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE, Table, Tables
from grantguard.facts import mix_rows
from grantguard.histories import NEAREST
from grantguard.parcels.extracting import DRAWN_DDL, FACTS, KNOWN, KNOWN_DDL, SIGNALS, Extract, Trust
from grantguard.parcels.wrapping import ALL, open_parcels
from grantguard.signals import hide_links
from grantguard.spark.scoring import TO_ALL, Dated, link, spread_to_all
from grantguard.spark.sharing import KEPT, by_bucket, give_crowds, give_crowds_then, together
from grantguard.spark.standing import date_guests, narrow, stand_among, stand_apart
from grantguard.training import DRAWN_BY, Known, Recipe, name_data, round_signals, spread_examples

MOST_GROWN = 100_000
"""Accounts that trees grow on at most: of more, so many are drawn by a hash of the seed and their name."""


@dataclass(frozen=True)
class Gathered:
    """A ``training.Population`` that lies on a cluster, as of ``dated.at``; ``small`` has the campaigns and labels."""

    dated: Dated
    rings: DataFrame
    known: DataFrame
    small: Tables
    everybody: Known
    trusted: Known
    accounts: int

    @property
    def at(self) -> datetime:
        """The moment that the forest is made as of."""
        return self.dated.at

    @property
    def labels(self) -> pl.DataFrame:
        """The contract's labels."""
        return self.small.labels

    @property
    def fingerprint(self) -> str:
        """A name for the rows that were read: those up to ``at``, and of long accounts those that signals read."""
        hashed = self.dated.told.filter(sf.col("name") == "hashed").select("kind", "n", "value").collect()
        frames = {table.name: getattr(self.small, table.name) for table in TO_ALL}
        mixed = {name: (frame.height, mix_rows(frame)) for name, frame in frames.items()}
        for table in (ACCOUNTS, GRANTS, USAGE, BILLING):
            rows = [row for row in hashed if row["kind"] == table.name]
            mixed[table.name] = (sum(row["n"] for row in rows), sum(row["value"] for row in rows))
        return name_data(mixed)

    def stand(self, asked: pl.DataFrame) -> Known:
        """The accounts asked about (``account_id, at``), a row each in the order asked."""
        some = narrow(self.dated, asked["account_id"])
        rows = _in_order(asked, stand_among(self.dated.parcels, some, asked, self.rings, self.small))
        return _know(rows, self._stand_apart(_ask_company(rows)))

    def _stand_apart(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Signals of the same by themselves."""
        some = narrow(self.dated, asked["account_id"])
        return _in_order(asked, stand_apart(self.dated, some, asked, self.small))

    def place(self, guests: Tables, asked: pl.DataFrame) -> pl.DataFrame:
        """Signals of accounts of ``guests`` (``account_id, at``), who stand among the user's own as if they were.

        A simulated burst has no guests among the user's own: its network is of the numbers for private use.
        """
        small = replace(self.small, campaigns=pl.concat([self.small.campaigns, guests.campaigns]))
        some = date_guests(self.dated, guests, small.campaigns)
        all_of_them = together(self.dated.parcels, some.own)
        rows = _in_order(asked, stand_among(all_of_them, some, asked, self.rings, small))
        return round_signals(rows.select(SIGNALS.names()))

    def find_examples(self, labels: pl.DataFrame) -> pl.DataFrame:
        """What ``training.learning.find_examples`` says of labels: for each moment of a ring's, all are linked anew."""
        told = spread_examples(labels, self._find_rings_at)
        if told.is_empty():
            return told
        there = _name(self.known.select("account_id"), told).collect()
        return told.filter(pl.col("account_id").is_in([row["account_id"] for row in there]))

    def _find_rings_at(self, moment: datetime) -> pl.DataFrame:
        """``account_id`` and ``ring_id`` of the members, as of a moment, of the rings that labels name."""
        known_then = (sf.col("name") != "fact") | (sf.col("seen_at") <= sf.lit(moment))
        parcels, facts = self.dated.parcels.filter(known_then), self.dated.told.filter(known_then)
        then = replace(self.dated, parcels=parcels, told=facts, at=moment)
        moments = pl.Series([moment], dtype=KNOWN["at"])
        crowds = give_crowds_then(then.parcels, then.parcels, then.buckets, moments)
        named = self.labels["ring_id"].drop_nulls().unique().to_list()
        rings = link(then, crowds).rings.filter(sf.col("other").isin(named)).select("account_id", "other")
        rows = [(row["account_id"], row["other"]) for row in rings.collect()]
        return pl.DataFrame(rows, schema={"account_id": pl.String, "ring_id": pl.String}, orient="row")


def gather(dated: Dated, recipe: Recipe, most_grown: int = MOST_GROWN) -> Gathered:
    """Extract all accounts as of ``dated.at``, draw the reference, and of more than ``most_grown`` so many."""
    joined = link(dated, give_crowds(dated.told, dated.buckets, dated.at))
    known = by_bucket(joined.ready, dated.buckets).mapInArrow(Extract(dated.at), KNOWN_DDL).persist(KEPT)
    by_hash = [sf.xxhash64(sf.lit(recipe.seed), "account_id"), sf.col("account_id")]
    return Gathered(
        dated=dated,
        rings=joined.rings.persist(KEPT),
        known=known,
        small=Tables.of(**{table.name: _collect_small(dated, table) for table in TO_ALL}),
        everybody=_know(_collect(known.orderBy(*by_hash).limit(most_grown)), SIGNALS.to_frame()),
        trusted=_trust(known, recipe),
        accounts=known.count(),
    )


def _trust(known: DataFrame, recipe: Recipe) -> Known:
    """The known accounts that the reference takes, and whoever stands near them."""
    rows = _collect(_draw(known, recipe))
    asked = _ask_company(rows)
    return _know(rows, _in_order(asked, _name(known.select(SIGNALS.names()), asked)))


def _draw(known: DataFrame, recipe: Recipe) -> DataFrame:
    """The known accounts that the reference takes, with their ``split``."""
    ring = sf.coalesce("ring_id", "account_id")
    trust = Trust(recipe.most_of_a_ring)
    trusted = known.select(*FACTS.names(), "silent").repartition(ring).mapInArrow(trust, DRAWN_DDL)
    drawn = trusted.orderBy(sf.col("split") % DRAWN_BY, "account_id").limit(recipe.most_accounts)
    return known.join(drawn, "account_id")


def _collect(rows: DataFrame) -> pl.DataFrame:
    """Rows of some columns of ``KNOWN`` and what else they have, by name."""
    found = pl.from_arrow(rows.toArrow())
    if not isinstance(found, pl.DataFrame):
        raise TypeError("a table has columns")
    known = [pl.col(name).cast(dtype) for name, dtype in KNOWN.items() if name in found.columns]
    return found.with_columns(known).sort("account_id")


def _know(rows: pl.DataFrame, others: pl.DataFrame) -> Known:
    """Accounts of such ``rows``, and ``others`` near them."""
    facts = rows.select(*FACTS.names(), *(name for name in rows.columns if name not in KNOWN))
    return Known.of(facts, rows.select(SIGNALS.names()), _find_near(rows), hide_links(others.select(SIGNALS.names())))


def _find_near(rows: pl.DataFrame) -> pl.DataFrame:
    """``NEAREST`` of rows of ``KNOWN``."""
    told = rows.select("account_id", "at", "near").drop_nulls().explode("near")
    return told.unnest("near").select(NEAREST.names())


def _ask_company(rows: pl.DataFrame) -> pl.DataFrame:
    """Whoever stands near accounts, and as of when (``account_id, at``)."""
    return _find_near(rows).select(account_id="other", at="at").unique()


def _name(known: DataFrame, asked: pl.DataFrame) -> DataFrame:
    """The known accounts that are asked about."""
    ids = known.sparkSession.createDataFrame(asked.select("account_id").to_arrow())
    return known.join(ids, "account_id", "left_semi")


def _in_order(asked: pl.DataFrame, found: DataFrame) -> pl.DataFrame:
    """What was found of each account and moment asked about; nulls, where nothing was."""
    rows = _collect(found).unique(["account_id", "at"])
    return asked.join(rows, on=["account_id", "at"], how="left", maintain_order="left")


def _collect_small(dated: Dated, table: Table) -> pl.DataFrame:
    sent = spread_to_all(dated.lake, table).filter(sf.col("bucket") == ALL).toArrow()
    frames = [parcel.read(table.name, table.schema) for parcel in open_parcels(sent.to_batches())]
    return pl.concat([table.empty(), *frames])
