"""Whom to review next, and what the drawn ones tell about those who are missed.

Most of a queue is ranked: by risk first, then by the promotional credit at risk, of the account and of its ring; one
account of a ring at a time. The rest is drawn at random, with a known probability that rises with risk, so that
verdicts also come from where the forest sees nothing, and an unbiased count of what is missed can be had.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AUDIT_SHARE = 0.1
"""The share of a queue that is drawn at random while verdicts agree with the forest."""

MOST_AUDIT_SHARE = 0.9
"""The share when verdicts and the forest's own ranking have nothing to do with each other, or contradict."""

MONEY = 0.25
"""How much more a review is worth, at most, for the credit at risk."""

LEAST_DRAWN = 0.25
"""The weight in the draw of an account without any risk; one in a thousand weighs thirteen times as much."""

MOST_RANKED = 100_000
"""Accounts of a store among which a queue chooses: the riskiest."""

QUEUE = {
    "rank": pl.Int64,
    "account_id": pl.String,
    "ring_id": pl.String,
    "risk": pl.Float64,
    "p_value": pl.Float64,
    "promo_credits_left": pl.Float64,
    "why": pl.String,
    "drawn_with": pl.Float64,
}


def build_queue(
    scores: pl.DataFrame, labels: pl.DataFrame, *, top: int, seed: int, audit_share: float = AUDIT_SHARE
) -> pl.DataFrame:
    """The contract's ``queue``: at most ``top`` accounts, the labelled left out.

    ``scores`` and ``labels`` are the contract's; a label that names a ring leaves out all its members, one that names
    an account puts the rest of its ring after rings without a verdict. Audit rows stand evenly between the ranked.
    """
    waiting = _leave_out_labelled(scores, labels).sort("account_id")
    drawn = _draw(waiting, round(audit_share * min(top, waiting.height)), seed)
    ranked = _rank(waiting.join(drawn, on="account_id", how="anti")).head(top - drawn.height)
    ranked = ranked.with_columns(why=pl.lit("risk"), drawn_with=pl.lit(None, pl.Float64))
    places = [_spread(part.height, top) for part in (ranked, drawn)]
    together = pl.concat(
        [
            part.with_columns(place=pl.Series(place, dtype=pl.Float64)).select("place", *list(QUEUE)[1:])
            for part, place in zip((ranked, drawn.with_columns(why=pl.lit("audit"))), places, strict=True)
        ]
    )
    ordered = together.sort("place", "why", descending=[False, True])
    return ordered.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)).select(list(QUEUE))


def seed_of(now: datetime) -> int:
    """The seed of a day: its draw stays the same, however often the queue is made."""
    return crc32(f"{now:%Y-%m-%d}".encode())


def _spread(count: int, top: int) -> Floats:
    return (np.arange(count) + 0.5) * top / max(count, 1)


def _leave_out_labelled(scores: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    named = labels.drop_nulls("account_id")["account_id"]
    rings = labels.filter(pl.col("account_id").is_null()).drop_nulls("ring_id")["ring_id"]
    known_rings = scores.filter(pl.col("account_id").is_in(named.implode())).drop_nulls("ring_id")["ring_id"]
    scored = scores.filter(pl.col("status") == "scored")
    waiting = scored.filter(
        ~pl.col("account_id").is_in(named.implode()), ~pl.col("ring_id").is_in(rings.implode()).fill_null(value=False)
    )
    return waiting.with_columns(known=pl.col("ring_id").is_in(known_rings.implode()).fill_null(value=False))


def _rank(waiting: pl.DataFrame) -> pl.DataFrame:
    """One account of each ring, the most worth reviewing first."""
    ring = pl.coalesce("ring_id", "account_id")
    at_risk = pl.col("promo_credits_left").sum().over(ring)
    valued = waiting.with_columns(at_risk=at_risk)
    typical = valued["at_risk"].mean()
    share = pl.col("at_risk") / (pl.col("at_risk") + (typical if isinstance(typical, float) and typical > 0 else 1.0))
    worth = _rarity() * (1 + MONEY * share)
    ordered = valued.with_columns(worth=worth).sort("known", "worth", "account_id", descending=[False, True, False])
    return ordered.filter(pl.int_range(pl.len()).over(ring) == 0)


def _rarity() -> pl.Expr:
    """Powers of ten by which an account is rarer than the reference's run: risk r is s / (s + 2)."""
    return 2 * pl.col("risk") / (1 - pl.col("risk"))


def _draw(waiting: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """``count`` accounts drawn systematically, each with its ``drawn_with``, proportional to its weight."""
    weight = waiting.select(LEAST_DRAWN + _rarity().clip(0, 3)).to_series().to_numpy()
    chance = inclusion(weight, count)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(chance))
    passed = np.floor(np.cumsum(chance[order]) + rng.random())
    chosen = np.sort(order[np.diff(np.concatenate([[0.0], passed])) > 0])
    return waiting.with_columns(drawn_with=pl.Series(chance, dtype=pl.Float64))[chosen]


def inclusion(weight: Floats, count: int) -> Floats:
    """Probabilities proportional to ``weight``, none above 1, that sum to ``count`` (or to the rows, if fewer)."""
    chance = np.ones(len(weight))
    if count >= len(weight):
        return chance
    certain = np.zeros(len(weight), dtype=np.bool_)
    while True:
        share = (count - certain.sum()) * weight / weight[~certain].sum()
        if not (share[~certain] > 1).any():
            return np.where(certain, 1.0, share)
        certain |= share > 1


def find_audit_share(own_scores: Floats, abuse: NDArray[np.bool_]) -> float:
    """How much to explore: the more, the worse the forest's own scores order the accounts with verdicts.

    By the square of the doubt: among accounts that were chosen for their risk, a sound order is a weak one.
    """
    if abuse.all() or not abuse.any():
        return AUDIT_SHARE
    above = (own_scores[abuse][:, None] > own_scores[~abuse]).mean()
    ties = (own_scores[abuse][:, None] == own_scores[~abuse]).mean()
    doubt = float(np.clip(2 * (1 - above - ties / 2), 0, 1))
    return AUDIT_SHARE + doubt**2 * (MOST_AUDIT_SHARE - AUDIT_SHARE)


@dataclass(frozen=True)
class Estimate:
    """A count with its interval, and the number of draws that it rests on."""

    count: float
    low: float
    high: float
    draws: int


def estimate_missed(drawn_with: Floats, missed: NDArray[np.bool_]) -> Estimate:
    """How many accounts are missed in all, from accounts drawn with known probabilities and found out about.

    Horvitz and Thompson, "A Generalization of Sampling Without Replacement From a Finite Universe" (1952); the
    interval is 95 %, its variance that of independent draws, never below what was seen. Where none was seen, the upper
    end is three over the mean probability: the rule of three.
    """
    seen = drawn_with[missed]
    if not len(seen):
        return Estimate(0.0, 0.0, float(3 / drawn_with.mean()) if len(drawn_with) else float("inf"), len(drawn_with))
    count = float((1 / seen).sum())
    error = float(np.sqrt(((1 - seen) / seen**2).sum()))
    return Estimate(count, max(float(len(seen)), count - 1.96 * error), count + 1.96 * error, len(drawn_with))
