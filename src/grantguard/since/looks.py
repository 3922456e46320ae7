"""A number for all that a rating reads of an account: where it is the same, the account is rated the same."""

from __future__ import annotations

import numpy as np
import polars as pl

from grantguard.assessment import Known
from grantguard.forest import Bundle, stratum_of
from grantguard.since.telling import BY_ROWS_ALONE
from grantguard.training import NAMES, is_silent

READ_OF_FACTS = ("ring_id", "verdict", "labelled_at", "accusers", "payments", "chargebacks", "taken_back")
"""What the policy reads of an account's facts, beside its age: that is told by its stratum."""

SAME = 1e-12
"""A value that is told in a reason is the same as it was when it is this near, in ratio."""


def take_looks(known: Known, bundle: Bundle) -> pl.DataFrame:
    """``account_id`` and ``look``, a row an account in the order of ``known``.

    Of a signal's value it has what the forest sees: between which of its splits it lies, and on which side of typical.
    Who has a verdict looks different at each moment, since a verdict lapses.
    """
    surprise = bundle.scale.surprise(known.signals.select(NAMES).to_numpy().astype(np.float64))
    facts = known.facts
    read = facts.select(
        *READ_OF_FACTS,
        asked_at=pl.when(pl.col("verdict").is_not_null()).then("at"),
        stratum=pl.Series(stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())),
        silent=pl.Series(is_silent(known.signals)),
    )
    gaps = pl.DataFrame(bundle.forest.find_gaps(surprise), schema=list(NAMES))
    sides = pl.DataFrame(np.sign(surprise), schema=[f"side of {name}" for name in NAMES])
    return facts.select("account_id", look=read.hstack(gaps).hstack(sides).hash_rows(seed=0))


def find_retold(known: Known, scores: pl.DataFrame) -> pl.DataFrame:
    """Accounts (``account_id``) with a reason in ``scores`` whose value others or time have changed."""
    told = scores.select("account_id", "reasons").explode("reasons").unnest("reasons")
    changeable = known.signals.drop("at", *BY_ROWS_ALONE)
    now = changeable.unpivot(index="account_id", variable_name="signal", value_name="now")
    both = told.select("account_id", "signal", "value").join(now, on=["account_id", "signal"])
    same = (pl.col("now") - pl.col("value")).abs() <= SAME * pl.col("value").abs()
    return both.filter(~same.fill_null(value=False)).select("account_id").unique()
