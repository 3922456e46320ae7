"""Who is trusted, and what trusted accounts looked like at every age."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.errors import ReferenceTooSmall
from grantguard.facts import find_trusted, is_silent, key_of
from grantguard.forest import Calibration, Company, CompiledForest, Scale, rate, rate_alone
from grantguard.forest.calibration import LANDMARKS, stratum_of
from grantguard.training.population import Known, Population, tabulate
from grantguard.training.recipe import Recipe

Floats = NDArray[np.float64]

DRAWN_BY = 1_000_003
"""The reference is drawn in the order of the rest that this leaves of a ring's key."""


@dataclass(frozen=True)
class Reference:
    """Rows of trusted accounts: ``table`` (rows, signals), ``account`` (a key of each), ``strata`` (rows,).

    ``company`` says who of ``others`` (others, signals) stands near them.
    """

    table: Floats
    account: NDArray[np.int64]
    strata: NDArray[np.int64]
    company: Company
    others: Floats

    def of(self, accounts: NDArray[np.int64]) -> Reference:
        """The rows of some accounts."""
        kept = np.isin(self.account, accounts)
        company = self.company.among(kept)
        return Reference(self.table[kept], self.account[kept], self.strata[kept], company, self.others)


def assign_roles(facts: pl.DataFrame, silent: NDArray[np.bool_], recipe: Recipe) -> NDArray[np.str_]:
    """For each account ``value``, ``calibrate`` or ``outside``: the reference, split by a hash of the ring.

    Raises ``ReferenceTooSmall``.
    """
    kept = draw_reference(facts.with_row_index("row"), silent, recipe)
    role = np.full(len(facts), "outside", dtype="U9")
    role[kept["row"].to_numpy()] = split_reference(kept, recipe)
    return role


def draw_reference(facts: pl.DataFrame, silent: NDArray[np.bool_], recipe: Recipe) -> pl.DataFrame:
    """The rows of ``facts`` that the reference takes, with ``split``: of all trusted so many, by a hash of the ring."""
    trusted = find_trusted(facts, silent, recipe.most_of_a_ring)
    return trusted.sort(pl.col("split") % DRAWN_BY, "account_id").head(recipe.most_accounts)


def split_reference(kept: pl.DataFrame, recipe: Recipe) -> NDArray[np.str_]:
    """``value`` or ``calibrate`` for each row of ``draw_reference``. Raises ``ReferenceTooSmall``."""
    role = np.where(kept["split"].to_numpy() % 2 == 0, "value", "calibrate").astype("U9")
    for name in ("value", "calibrate"):
        rows = int((role == name).sum())
        if rows < recipe.least:
            raise ReferenceTooSmall(
                f"{rows} trusted accounts to {name} the forest, {recipe.least} needed:"
                f" add {recipe.least - rows} or more accounts without refunds to the data"
            )
    return role


def cut(scores: Floats, those: NDArray[np.bool_], share: float, role: NDArray[np.str_]) -> NDArray[np.str_]:
    """The roles without a share of ``those``, the most suspicious by ``scores``; all are (accounts,)."""
    if not those.any():
        return role
    return np.where(those & (scores > np.quantile(scores[those], 1 - share)), "trimmed", role)


def stand_now(known: Known, kept: NDArray[np.bool_]) -> Reference:
    """The accounts ``kept`` as they stand now."""
    facts, signals = known.facts.filter(pl.Series(kept)), known.signals.filter(pl.Series(kept))
    near = known.near.join(facts, on=["account_id", "at"], how="semi", maintain_order="left")
    asked = near.select("at", account_id="other")
    others = known.others.join(asked, on=["account_id", "at"], how="semi", maintain_order="left")
    others = others.unique(["account_id", "at"], keep="first", maintain_order=True)
    return Reference(
        table=tabulate(signals),
        account=keys_of(facts),
        strata=stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy()),
        company=Company.of(facts, near, others),
        others=tabulate(others),
    )


def keys_of(facts: pl.DataFrame) -> NDArray[np.int64]:
    """A key of each account."""
    keys: NDArray[np.int64] = facts["account_id"].map_elements(key_of, pl.Int64).to_numpy()
    return keys


def stand_at_landmarks(population: Population, kept: NDArray[np.bool_]) -> Reference:
    """The trusted ``kept`` at every landmark that they have reached, and in the last stratum as they stand now."""
    facts, signals = population.trusted.facts, population.trusted.signals
    trusted = facts.filter(pl.Series(kept))
    then = population.stand(pl.concat([_reach(trusted, days) for days in list(LANDMARKS.values())[:-1]]))
    now = pl.Series(kept & (facts["age_days"].fill_null(0.0).to_numpy() >= LAST_FROM))
    both = Known(
        pl.concat([then.facts, facts.filter(now).select(then.facts.columns)]),
        pl.concat([then.signals, signals.filter(now)]),
        pl.concat([then.near, population.trusted.near]).unique(maintain_order=True),
        pl.concat([then.others, population.trusted.others]),
    )
    return stand_now(both, ~is_silent(both.signals))


LAST_FROM = float(np.sqrt(LANDMARKS["week"] * LANDMARKS["month"]))
"""Days from which an account stands in the last stratum, as old as it is."""


def _reach(trusted: pl.DataFrame, days: float) -> pl.DataFrame:
    """The accounts that are so many days past their first grant, as of then."""
    day = 86_400_000_000
    reached = trusted.filter(pl.col("age_days") >= days)
    since = pl.duration(microseconds=((pl.col("age_days") - days) * day).round().cast(pl.Int64))
    return reached.select("account_id", at=pl.col("at") - since)


def calibrate(forest: CompiledForest, scale: Scale, reference: Reference) -> Calibration:
    """The calibration by the rows of a reference."""
    blank = Calibration.of(
        table=reference.table,
        surprise=scale.surprise(reference.table),
        strata=reference.strata,
        account=reference.account,
        company=reference.company,
        others=scale.surprise(reference.others),
    )
    return recalibrate(forest, blank)


def score_in_company(forest: CompiledForest, scale: Scale, known: Known) -> Floats:
    """The score of each account as it stands now, with what its company lends."""
    return calibrate(forest, scale, stand_now(known, np.ones(known.facts.height, dtype=np.bool_))).scores


def recalibrate(forest: CompiledForest, calibration: Calibration) -> Calibration:
    """The same accounts as ``forest`` now sees them."""
    return calibration.scored(partial(rate, forest), partial(rate_alone, forest))
