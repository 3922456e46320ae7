"""What to do: from risks, evidence, good faith and verdicts to allow, hold or revoke.

The rules in one look: hold when the account is rarer among its like than the budget allows *and* two
independent kinds of evidence speak; good faith raises the bar; a few facts need no second kind; only a
person revokes, and a person's verdict outranks the machine while it is fresh.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, fields
from functools import cache

import polars as pl

from grantguard.vocabulary import KINDS_OF_EVIDENCE


@dataclass(frozen=True)
class Rules:
    """Every number of the policy, each with its sentence."""

    budget: float = 0.005
    """Hold at most this share of genuine accounts, over their lives, however often they are looked at."""
    evidence: float = 0.1
    """A kind of evidence speaks when its part of the risk is this rare in the reference, or rarer."""
    kinds_needed: int = 2
    """Independent kinds of evidence (conduct, identity, money) that must speak before a hold."""
    good_faith_payments: int = 2
    """Settled payments, and none taken back, from which an account has shown good faith."""
    good_faith_budget: float = 0.002
    """The budget for accounts that have shown good faith."""
    chargebacks: int = 1
    """Chargebacks, but those of a steady payer, at which credit is held and the owner asked, whatever else is known."""
    arbitrage_gain: float = 3.0
    """List-price value a credit from which multiplier arbitrage can be held on conduct alone."""
    arbitrage_hugging: float = 0.8
    """Share of long inputs just above the threshold that must come with that gain."""
    verdict_days: int = 90
    """Days for which a person's verdict outranks the machine."""
    second_person_above: float = 200.0
    """Promotional credits left above which a revocation needs the verdict of a second person; until then: a hold."""
    hold_days: int = 7
    """Days after which a hold releases itself."""
    recheck_share: float = 0.2
    """Ask again after this share of the credit that is left has been spent."""
    newcomer_days: float = 7.0
    """Days since the first grant within which an account is asked about daily."""
    recheck_days: int = 7
    """Days after which an older account is asked about again."""

    @property
    def version(self) -> str:
        """A name that changes when any number does."""
        numbers = "|".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))
        return f"{zlib.crc32(numbers.encode()):08x}"

    @property
    def least_calibrated(self) -> int:
        """Accounts that have to calibrate a forest for anybody to be rare enough for the budget."""
        return math.ceil(1 / self.budget) - 1


RULES = Rules()


def decide(assessed: pl.DataFrame, rules: Rules = RULES) -> pl.DataFrame:
    """``assessed`` with ``action``, ``held_until``, ``recheck_credits``, ``recheck_at`` and ``tranche``, row by row.

    ``tranche`` is how much of a newcomer's credit is let go until the next look, where it is allowed; null: all of it.

    ``assessed`` has ``at, status, p_ever, p_conduct, p_identity, p_money, payments, taken_back, chargebacks,
    age_days, verdict, labelled_at, accusers, multiplier_gain, threshold_hugging, promo_credits_left``.
    """
    action, *rest = _says(rules)
    plan = assessed.lazy().with_columns(action).with_columns(rest)
    # As it is written: to look for a better way through so few rows takes longer than to go this one.
    return plan.collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())


@cache
def _says(rules: Rules) -> tuple[pl.Expr, ...]:
    """The action, and what follows from it."""
    action = (
        pl.when(_fresh(rules) & (pl.col("verdict") == "abuse"))
        .then(pl.when(_may_revoke(rules)).then(pl.lit("revoke")).otherwise(pl.lit("hold")))
        .when(_is_vouched_for(rules))
        .then(pl.lit("allow"))
        .when(_fresh(rules) & (pl.col("verdict") == "compromised"))
        .then(pl.lit("hold"))
        .when(_must_ask(rules) | (_is_rare(rules) & (_is_corroborated(rules) | _is_arbitrage(rules))))
        .then(pl.lit("hold"))
        .otherwise(pl.lit("allow"))
    )
    held_until = pl.when(pl.col("action") == "hold").then(pl.col("at") + pl.duration(days=rules.hold_days))
    is_newcomer = pl.col("age_days").fill_null(0.0) < rules.newcomer_days
    again = pl.when(is_newcomer).then(pl.duration(days=1)).otherwise(pl.duration(days=rules.recheck_days))
    left = pl.col("promo_credits_left")
    return (
        action.alias("action"),
        held_until.alias("held_until"),
        pl.when(left > 0).then(left * rules.recheck_share).alias("recheck_credits"),
        (pl.col("at") + again).alias("recheck_at"),
        pl.when(is_newcomer & ~_is_vouched_for(rules)).then(left * rules.recheck_share).alias("tranche"),
    )


def _fresh(rules: Rules) -> pl.Expr:
    return pl.col("at") <= pl.col("labelled_at") + pl.duration(days=rules.verdict_days)


def _is_vouched_for(rules: Rules) -> pl.Expr:
    return (_fresh(rules) & (pl.col("verdict") == "genuine")).fill_null(value=False)


def _may_revoke(rules: Rules) -> pl.Expr:
    return (pl.col("promo_credits_left") <= rules.second_person_above) | (pl.col("accusers") >= 2)


def _is_rare(rules: Rules) -> pl.Expr:
    good_faith = (pl.col("payments") >= rules.good_faith_payments) & ~pl.col("taken_back")
    budget = pl.when(good_faith).then(rules.good_faith_budget).otherwise(rules.budget)
    return (pl.col("status") == "scored") & (pl.col("p_ever") <= budget)


def _is_corroborated(rules: Rules) -> pl.Expr:
    speaking = [(pl.col(f"p_{kind}") <= rules.evidence).cast(pl.Int8) for kind in KINDS_OF_EVIDENCE]
    return pl.sum_horizontal(speaking) >= rules.kinds_needed


def _is_arbitrage(rules: Rules) -> pl.Expr:
    gain = pl.col("multiplier_gain") >= rules.arbitrage_gain
    hugging = pl.col("threshold_hugging") >= rules.arbitrage_hugging
    return (gain & hugging).fill_null(value=False)


def _must_ask(rules: Rules) -> pl.Expr:
    return pl.col("chargebacks") >= rules.chargebacks
