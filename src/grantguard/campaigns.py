"""What a campaign's credit came to: who used it, what leaked to gaming, whom we wronged, and who stayed as a customer.

Only a verdict says abuse, so what leaked is what reviewers have found; the audit sample tells how much they have not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

GRANTED: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "account_id": pl.String,
    "grant_id": pl.String,
    "campaign": pl.String,
    "credits": pl.Float64,
    "granted_at": pl.Datetime("us", "UTC"),
    "expires_at": pl.Datetime("us", "UTC"),
    "held": pl.Boolean,
}
"""Every grant, and whether it was ever held or revoked."""

KNOWN: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "account_id": pl.String,
    "spent": pl.Float64,
    "stopped": pl.Boolean,
    "verdict": pl.String,
    "technique": pl.String,
    "paid_at": pl.Datetime("us", "UTC"),
}
"""Every account: promotional credit spent, whether it is held or revoked now, its newest verdict, its first payment."""


@dataclass(frozen=True)
class Campaign:
    """One campaign. Credits used are parted by who used them; ``leaked`` names the techniques, the largest first."""

    campaign: str
    accounts: int
    granted: float
    used: float
    genuine: float
    suspected: float
    victims: float
    leaked: dict[str, float]
    wrongly_held: int
    wrongly_held_credits: float
    could_pay: int
    paid: int
    honest_could_pay: int
    honest_paid: int

    @property
    def leak(self) -> float:
        """Credits that leaked to gaming, by any technique."""
        return sum(self.leaked.values())

    @property
    def conversion(self) -> float | None:
        """The share that became paying customers, of those who were none; None where there were none."""
        return self.paid / self.could_pay if self.could_pay else None

    @property
    def honest_conversion(self) -> float | None:
        """The same without the accounts that gamed it."""
        return self.honest_paid / self.honest_could_pay if self.honest_could_pay else None


def weigh_campaigns(granted: pl.DataFrame, known: pl.DataFrame) -> tuple[Campaign, ...]:
    """The figures of every campaign in ``granted``, the largest first; frames as ``GRANTED`` and ``KNOWN`` say."""
    told = _spend(granted, known)
    numbers = _count(told).to_dicts()
    leaks = _leak(told)
    return tuple(Campaign(**row, leaked=leaks.get(row["campaign"], {})) for row in numbers)


def _spend(granted: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """What an account has spent, laid on its grants: those that expire soonest are spent first."""
    order = ("account_id", "expires_at", "granted_at", "grant_id")
    rows = granted.join(known, on="account_id", how="left").sort(*order, nulls_last=True)
    before = pl.col("credits").cum_sum().over("account_id") - pl.col("credits")
    used = (pl.col("spent").fill_null(0.0) - before).clip(0.0, pl.col("credits"))
    return rows.with_columns(used=used, stopped=pl.col("stopped").fill_null(value=False))


def _count(told: pl.DataFrame) -> pl.DataFrame:
    said, used = pl.col("verdict"), pl.col("used")
    is_unsaid = said.is_null()
    wronged = pl.col("held") & (said == "genuine").fill_null(value=False)
    could_pay = pl.col("paid_at").is_null() | (pl.col("paid_at") > pl.col("granted_at"))
    honest = (said != "abuse").fill_null(value=True)
    accounts = pl.col("account_id")
    return (
        told.group_by("campaign")
        .agg(
            accounts=accounts.n_unique(),
            granted=pl.col("credits").sum(),
            used=used.sum(),
            genuine=used.filter((said == "genuine") | (is_unsaid & ~pl.col("stopped"))).sum(),
            suspected=used.filter(is_unsaid & pl.col("stopped")).sum(),
            victims=used.filter(said == "compromised").sum(),
            wrongly_held=accounts.filter(wronged).n_unique(),
            wrongly_held_credits=pl.col("credits").filter(wronged).sum(),
            could_pay=accounts.filter(could_pay).n_unique(),
            paid=accounts.filter(could_pay & pl.col("paid_at").is_not_null()).n_unique(),
            honest_could_pay=accounts.filter(could_pay & honest).n_unique(),
            honest_paid=accounts.filter(could_pay & honest & pl.col("paid_at").is_not_null()).n_unique(),
        )
        .sort("granted", "campaign", descending=[True, False])
    )


def _leak(told: pl.DataFrame) -> dict[str, dict[str, float]]:
    """By campaign and technique, credits used by accounts whose verdict is abuse; of what used nothing, nothing."""
    gamed = told.filter(pl.col("verdict") == "abuse").with_columns(pl.col("technique").fill_null("not named"))
    sums = gamed.group_by("campaign", "technique").agg(pl.col("used").sum()).filter(pl.col("used") > 0)
    leaks: dict[str, dict[str, float]] = {}
    for campaign, technique, used in sums.sort("used", "technique", descending=[True, False]).iter_rows():
        leaks.setdefault(campaign, {})[technique] = used
    return leaks
