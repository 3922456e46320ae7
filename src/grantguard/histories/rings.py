"""Rings: accounts that strong pairs of kin join, one to the next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from grantguard.dated import Around, Nearby
from grantguard.histories.bursts import let_in
from grantguard.histories.crowds import key_crowds
from grantguard.histories.keys import run, run_all
from grantguard.histories.kin import find_links, tell_strength
from grantguard.histories.links import key_values
from grantguard.histories.ties import Sharing

NO_RINGS = pl.DataFrame(schema={"account_id": pl.String, "ring_id": pl.String})

RING_STRENGTH = 0.55
"""The joint strength at which two accounts stand in one ring: one instrument, or a room and a script, of few."""

IS_STRONG = pl.col("strength") >= RING_STRENGTH

HOPS, MOST_MEMBERS = 3, 2_000
"""How far a ring is followed through a store, from pair to pair and in accounts: what lies beyond is not seen."""

Look = Callable[[pl.DataFrame], Nearby]
"""Reads what the accounts asked about (``account_id, at``) have in common with others."""


def strong_pairs(kin: pl.DataFrame) -> pl.DataFrame:
    """The pairs of kin that stand in one ring: all that ``find_rings`` reads."""
    return run(kin.lazy().filter(IS_STRONG).select("account_id", "other", "strength"))


def find_rings(kin: pl.DataFrame) -> pl.DataFrame:
    """Rings, as ``account_id`` and ``ring_id``: connected components of strong pairs, named by their least member.

    ``kin`` is what ``pair_kin`` gives; an account in no strong pair is in no ring.
    """
    strong = strong_pairs(kin) if kin.height else kin
    if strong.is_empty():
        return NO_RINGS
    members = pl.concat([strong["account_id"], strong["other"]]).unique().sort()
    left, right = (members.search_sorted(strong[name]).to_numpy() for name in ("account_id", "other"))
    links = coo_array((np.ones(len(left)), (left, right)), shape=(len(members),) * 2)
    _, component = connected_components(links, directed=False)
    _, least = np.unique(component, return_index=True)
    return pl.DataFrame([members.alias("account_id"), ("ring:" + members.gather(least[component])).alias("ring_id")])


def follow_rings(kin: pl.DataFrame, look: Look, crowds: pl.DataFrame, campaigns: pl.DataFrame) -> pl.DataFrame:
    """The rings of ``kin``, whole: strong pairs are followed, within ``HOPS`` and ``MOST_MEMBERS``, by looking on.

    ``crowds`` tells how many accounts there were by the moments asked about.
    """
    if kin.is_empty():
        return find_rings(kin)
    pairs = kin.select("account_id", "at", "other", "strength")
    seen = pairs.select("account_id", "at").unique()
    for _ in range(HOPS):
        beyond = run(_find_beyond(pairs, seen)).head(MOST_MEMBERS - seen.height)
        if beyond.is_empty():
            break
        pairs = pl.concat([pairs, _pair_nearby(look(beyond), beyond, crowds, campaigns)])
        seen = pl.concat([seen, beyond])
    return find_rings(pairs)


def link_around(around: Around, asked: pl.DataFrame, campaigns: pl.DataFrame) -> pl.DataFrame:
    """What each account asked about shares with whom, a row a kind of value, as ``kin.find_links`` tells it."""
    asked = asked.with_row_index("subject")
    facts, crowds = run_all([key_values(around.facts), key_crowds(around.crowds)])
    sharing = Sharing.of(facts, asked, around.milestones)
    return find_links(sharing, crowds, asked, let_in(around.guests, campaigns))


def _find_beyond(pairs: pl.DataFrame, seen: pl.DataFrame) -> pl.LazyFrame:
    """Who stands in a strong pair and was not seen yet."""
    strong = pairs.lazy().filter(IS_STRONG).select("at", account_id="other").unique()
    return strong.join(seen.lazy(), on=["account_id", "at"], how="anti").select("account_id", "at").sort("account_id")


def _pair_nearby(nearby: Nearby, asked: pl.DataFrame, crowds: pl.DataFrame, campaigns: pl.DataFrame) -> pl.DataFrame:
    asked = asked.with_row_index("subject")
    links = find_links(Sharing.counted(nearby.facts, asked), crowds, asked, let_in(nearby.guests, campaigns))
    return run(tell_strength(links.lazy()).select("account_id", "at", "other", "strength"))
