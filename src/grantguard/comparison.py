"""A challenger in the shadow of the champion: the same accounts scored by both, and whom they treat differently."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Comparison:
    """Two models on the same accounts.

    ``accounts`` has ``account_id``, ``champion`` and ``challenger`` (their decisions), ``champion_risk``,
    ``challenger_risk``, ``promo_credits_left`` and, where the truth is known, ``role``; most changed first.
    """

    accounts: pl.DataFrame
    champion: str
    challenger: str

    @property
    def newly_held(self) -> pl.DataFrame:
        """Whom the challenger would hold and the champion would not."""
        return self.accounts.filter(pl.col("champion") == "allow", pl.col("challenger") != "allow")

    @property
    def let_go(self) -> pl.DataFrame:
        """Whom the champion would hold and the challenger would not."""
        return self.accounts.filter(pl.col("champion") != "allow", pl.col("challenger") == "allow")

    @property
    def agreement(self) -> float:
        """Spearman's correlation of the two orders of risk; NaN where one of them does not vary."""
        ranks = self.accounts.drop_nulls(["champion_risk", "challenger_risk"])
        told = ranks.select(pl.corr("champion_risk", "challenger_risk", method="spearman")).item()
        return float("nan") if told is None else float(told)


def compare(champion: pl.DataFrame, challenger: pl.DataFrame, truth: pl.DataFrame | None = None) -> Comparison:
    """Hold two ``scores`` tables of the same accounts beside each other."""
    mine = champion.select("account_id", "promo_credits_left", champion="decision", champion_risk="risk")
    its = challenger.select("account_id", challenger="decision", challenger_risk="risk")
    both = mine.join(its, on="account_id", how="inner")
    if truth is not None:
        both = both.join(truth.select("account_id", "role"), on="account_id", how="left")
    change = (pl.col("challenger_risk").fill_null(0) - pl.col("champion_risk").fill_null(0)).abs()
    ordered = both.sort(change, pl.col("account_id"), descending=[True, False])
    names = (each["model_version"].first() for each in (champion, challenger))
    return Comparison(ordered, *(str(name) for name in names))
