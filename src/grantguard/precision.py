"""How good holds and reviewers are, from verdicts: precision by week, agreement, and what a sample says is missed.

A hold was right where a person then said abuse, or compromised: a victim's grant is to be held too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

WEEKS: Final = 8
"""Weeks that are looked back over."""

CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Share:
    """``count`` of ``of``, with Wilson's interval; the share and its ends are None of nothing."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Week:
    """Holds of the week that begins on ``monday``: how many, and the share that was right of those with a verdict."""

    monday: date
    holds: int
    right: Share


@dataclass(frozen=True)
class Agreement:
    """Accounts that two persons reviewed: how many agree, and Cohen's kappa, None where chance cannot be told."""

    agreed: Share
    kappa: float | None


def find_share(count: int, of: int) -> Share:
    """A share with Wilson's interval (Wilson, "Probable Inference", 1927)."""
    if not of:
        return Share(count, of, None, None, None)
    ends = binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count, of, count / of, float(ends.low), float(ends.high))


def weigh_holds(held: pl.DataFrame, now: datetime, weeks: int = WEEKS) -> tuple[Week, ...]:
    """Precision of the machine's holds, a row a week, this week last; ``held`` has ``held_at`` and ``verdict``."""
    this = now.date() - timedelta(days=now.weekday())
    mondays = [this - timedelta(weeks=back) for back in reversed(range(weeks))]
    dated = held.with_columns(monday=pl.col("held_at").dt.truncate("1w").dt.date())
    return tuple(_week(monday, dated.filter(pl.col("monday") == monday)["verdict"]) for monday in mondays)


def total_of(weeks: tuple[Week, ...]) -> Share:
    """All weeks together."""
    return find_share(sum(each.right.count for each in weeks), sum(each.right.of for each in weeks))


def weigh_agreement(verdicts: pl.DataFrame) -> Agreement:
    """How far the first two persons who spoke of an account agree; ``account_id, given_at, reviewer, verdict``."""
    first = verdicts.sort("given_at", "reviewer").unique(["account_id", "reviewer"], keep="first", maintain_order=True)
    pairs = first.group_by("account_id", maintain_order=True).agg(pl.col("verdict").head(2))
    both = pairs.filter(pl.col("verdict").list.len() == 2)["verdict"].to_list()
    one, other = [pair[0] for pair in both], [pair[1] for pair in both]
    agreed = find_share(sum(a == b for a, b in both), len(both))
    can_tell = len({*one, *other}) > 1
    return Agreement(agreed, float(cohen_kappa_score(one, other)) if can_tell else None)


def chance_of_review(draws: pl.DataFrame) -> pl.DataFrame:
    """Accounts that were drawn and have a verdict, once each, with the chance that they came to be so.

    ``draws`` has ``account_id, drawn_on, drawn_with, verdict``. Each day draws anew, and reviewers may not come to the
    end of a day's draw; whom they come to does not depend on risk.
    """
    by_day = (pl.col("drawn_with") * pl.col("verdict").is_not_null().mean().over("drawn_on")).clip(0.0, 1.0)
    seen = draws.with_columns(chance=by_day).filter(pl.col("verdict").is_not_null())
    days = seen["drawn_on"].n_unique()
    once = seen.sort("drawn_on").unique("account_id", keep="first", maintain_order=True)
    return once.with_columns(chance=1 - (1 - pl.col("chance")) ** days)


def _week(monday: date, verdicts: pl.Series) -> Week:
    said = verdicts.drop_nulls()
    return Week(monday, len(verdicts), find_share(int((said != "genuine").sum()), len(said)))
