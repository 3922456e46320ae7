"""A number for all that a rating reads of an account: where it is the same, the account is rated the same."""

from __future__ import annotations

import numpy as np
import polars as pl

from grantguard.assessment import RATINGS, Findings, lend
from grantguard.facts import is_silent
from grantguard.forest import Bundle, stratum_of
from grantguard.forest.scale import SAME
from grantguard.since.telling import BY_ROWS_ALONE
from grantguard.training import NAMES

READ_OF_FACTS = ("ring_id", "verdict", "labelled_at", "accusers", "payments", "chargebacks", "taken_back")
"""What the policy reads of an account's facts, beside its age: that is told by its stratum."""


def take_looks(findings: Findings, others: pl.DataFrame, bundle: Bundle) -> pl.DataFrame:
    """``account_id`` and ``look``, a row an account in the order of ``findings``.

    Of a signal's value it has what the forest sees: between which of its splits it lies, on which side of typical, and
    what it says where it is among the account's rarest; of ``others`` (``RATED``), what those near it lend it.
    Who has a verdict looks different at each moment, since a verdict lapses.
    """
    surprise = bundle.scale.surprise(findings.signals.select(NAMES).to_numpy().astype(np.float64))
    facts = findings.facts
    read = facts.select(
        *READ_OF_FACTS,
        asked_at=pl.when(pl.col("verdict").is_not_null()).then("at"),
        stratum=pl.Series(stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())),
        silent=pl.Series(is_silent(findings.signals)),
    )
    gaps = pl.DataFrame(bundle.forest.find_gaps(surprise), schema=list(NAMES))
    sides = pl.DataFrame(np.sign(surprise), schema=[f"side of {name}" for name in NAMES])
    sharp = pl.DataFrame(bundle.forest.sharpen(surprise), schema=[f"{name} by itself" for name in NAMES])
    lent = pl.DataFrame(lend(findings, others, bundle), schema=[f"lent {name}" for name in RATINGS])
    seen = pl.concat([read, gaps, sides, sharp, lent], how="horizontal")
    return facts.select("account_id", look=seen.hash_rows(seed=0))


def find_retold(findings: Findings, scores: pl.DataFrame) -> pl.DataFrame:
    """Accounts (``account_id``) with a reason in ``scores`` whose value others or time have changed."""
    told = scores.select("account_id", "reasons").explode("reasons").unnest("reasons")
    changeable = findings.signals.drop("at", *BY_ROWS_ALONE)
    now = changeable.unpivot(index="account_id", variable_name="signal", value_name="now")
    both = told.select("account_id", "signal", "value").join(now, on=["account_id", "signal"])
    same = (pl.col("now") - pl.col("value")).abs() <= SAME * pl.col("value").abs()
    return both.filter(~same.fill_null(value=False)).select("account_id").unique()
