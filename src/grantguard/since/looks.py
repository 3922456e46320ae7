"""A number for all that a rating reads of an account: where it is the same, the account is rated the same."""

from __future__ import annotations

import numpy as np
import polars as pl

from grantguard.assessment import Known
from grantguard.forest import Bundle, stratum_of
from grantguard.training import NAMES, is_silent

READ_OF_FACTS = ("ring_id", "verdict", "labelled_at", "accusers", "payments", "chargebacks", "taken_back")
"""What the policy reads of an account's facts, beside its age: that is told by its stratum."""


def take_looks(known: Known, bundle: Bundle) -> pl.DataFrame:
    """``account_id`` and ``look``, a row an account in the order of ``known``.

    A signal on the honest side is no part of it, whatever its value: the forest does not see it, and no reason tells of
    it. Who has a verdict looks different at each moment, since a verdict lapses.
    """
    table = known.signals.select(NAMES).to_numpy().astype(np.float64)
    shown = np.where(bundle.scale.surprise(table) == 0, np.nan, table)
    facts = known.facts
    read = facts.select(
        *READ_OF_FACTS,
        asked_at=pl.when(pl.col("verdict").is_not_null()).then("at"),
        stratum=pl.Series(stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())),
        silent=pl.Series(is_silent(known.signals)),
    )
    seen = read.hstack(pl.DataFrame(shown, schema=NAMES))
    return facts.select("account_id", look=seen.hash_rows(seed=0))
