"""Time replayed: what would have been stopped, when, and at what cost to whom.

Every grant is looked at at landmarks after it was given, as the service does on news, and a look reads nothing that
came after it. The first look at which the rules hold stops the account; what it spends of promotional credit after that
is saved, or withheld from somebody genuine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from grantguard.assessment import decide_at
from grantguard.contract import Tables
from grantguard.forest import Bundle
from grantguard.histories import Past
from grantguard.policy import RULES, Rules, decide

LOOKS = (1 / 24, 0.25, 1.0, 3.0, 7.0, 30.0)
"""Days after each grant at which it is looked at."""

BUDGETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Budgets of false holds, over a life, that the frontier is drawn at."""

AT_ONCE = 20_000
"""Looks that are extracted together."""


@dataclass(frozen=True)
class Backtest:
    """A replay's outcome.

    ``accounts`` has a row an account: ``account_id, role, kind, ring, spent`` (promotional credit), ``looks``,
    ``stopped_at, hours`` (from its first grant to the stop), ``before`` and ``after`` (promotional credit spent before
    and after it). ``ages`` has ``age_days, role, accounts, stopped``: who has been stopped by that age. ``frontier``
    has ``budget, saved, withheld, stopped_abuse, stopped_genuine`` as shares.
    """

    accounts: pl.DataFrame
    ages: pl.DataFrame
    frontier: pl.DataFrame

    @property
    def outcome(self) -> pl.DataFrame:
        """By role: accounts, the share ever stopped, credits spent, the share spent before the stop, median hours."""
        return (
            self.accounts.group_by("role")
            .agg(
                accounts=pl.len(),
                stopped=pl.col("stopped_at").is_not_null().mean(),
                credits=pl.col("spent").sum(),
                before=pl.col("before").sum() / pl.col("spent").sum(),
                hours=pl.col("hours").median(),
            )
            .sort("role")
        )


def backtest(
    tables: Tables,
    bundle: Bundle,
    truth: pl.DataFrame,
    until: datetime,
    *,
    looks: int = len(LOOKS),
    tranches: bool = False,
    rules: Rules = RULES,
    progress: Callable[[float], None] | None = None,
) -> Backtest:
    """Replay every grant in ``tables`` up to ``until`` at its first ``looks`` landmarks.

    With ``tranches`` an account is also looked at whenever it has spent another share of a grant that
    ``rules.recheck_share`` releases at a time. Labels in the tables are not read: nobody had decided yet.
    """
    past = Past.of(replace(tables, labels=tables.labels.clear()))
    moments = _find_moments(past, until, looks, rules.recheck_share if tranches else None)
    seen = _look(past, moments, bundle, rules, progress)
    spending = _spending(past, until)
    known = truth.filter(pl.col("account_id").is_in(tables.grants["account_id"].implode()))
    accounts = _settle(known, _first_stop(seen), seen, spending)
    return Backtest(accounts, _by_age(accounts), _draw_frontier(known, seen, spending, rules))


def _find_moments(past: Past, until: datetime, looks: int, share: float | None) -> pl.DataFrame:
    """``account_id, at``: landmarks after each grant, and where spending crosses a tranche."""
    grants = past.tables.grants.select("account_id", "grant_id", "granted_at", "credits")
    landmarks = [
        grants.select("account_id", at=pl.col("granted_at") + pl.duration(microseconds=round(days * 86_400_000_000)))
        for days in LOOKS[:looks]
    ]
    if share is not None:
        landmarks.append(_cross_tranches(past, grants, share))
    return pl.concat(landmarks).filter(pl.col("at") <= until).unique().sort("account_id", "at")


def _cross_tranches(past: Past, grants: pl.DataFrame, share: float) -> pl.DataFrame:
    """The moments at which each grant's spending passes another ``share`` of it."""
    charged = past.events.select("account_id", "occurred_at", "promo_credits", grant_id="charged_to")
    spent = charged.filter(pl.col("grant_id").is_not_null()).sort("grant_id", "occurred_at")
    told = spent.join(grants.select("grant_id", "credits"), on="grant_id", maintain_order="left")
    tranche = (pl.col("promo_credits").cum_sum().over("grant_id") / pl.col("credits") / share).floor()
    crossed = told.with_columns(tranche=tranche).filter(pl.col("tranche") >= 1)
    return (
        crossed.group_by("grant_id", "tranche")
        .agg(pl.col("account_id").first(), at=pl.col("occurred_at").min())
        .select("account_id", "at")
    )


def _look(
    past: Past, moments: pl.DataFrame, bundle: Bundle, rules: Rules, progress: Callable[[float], None] | None
) -> pl.DataFrame:
    parts = []
    for start in range(0, max(moments.height, 1), AT_ONCE):
        decided = decide_at(past, moments[start : start + AT_ONCE], bundle, rules)
        parts.append(decided)
        if progress is not None:
            progress(min(1.0, (start + AT_ONCE) / max(moments.height, 1)))
    return pl.concat(parts)


def _first_stop(seen: pl.DataFrame) -> pl.DataFrame:
    return seen.filter(pl.col("action") != "allow").group_by("account_id").agg(stopped_at=pl.col("at").min())


def _spending(past: Past, until: datetime) -> pl.DataFrame:
    charged = past.events.filter(pl.col("charged_to").is_not_null(), pl.col("occurred_at") <= until)
    return charged.select("account_id", "occurred_at", "promo_credits")


def _settle(truth: pl.DataFrame, stops: pl.DataFrame, seen: pl.DataFrame, spending: pl.DataFrame) -> pl.DataFrame:
    told = spending.join(stops, on="account_id", how="left")
    after = pl.col("promo_credits").filter(pl.col("occurred_at") > pl.col("stopped_at")).sum()
    spent = told.group_by("account_id").agg(spent=pl.col("promo_credits").sum(), after=after)
    first = seen.group_by("account_id").agg(
        looks=pl.len(),
        opened=(pl.col("at") - pl.duration(microseconds=(pl.col("age_days") * 86_400_000_000).cast(pl.Int64))).min(),
    )
    rows = truth.join(stops, on="account_id", how="left")
    for part in (spent, first):
        rows = rows.join(part, on="account_id", how="left")
    rows = rows.with_columns(pl.col("spent", "after").fill_null(0.0), pl.col("looks").fill_null(0))
    return rows.select(
        *("account_id", "role", "kind", "ring", "spent", "looks", "stopped_at"),
        hours=(pl.col("stopped_at") - pl.col("opened")).dt.total_seconds() / 3600,
        before=pl.col("spent") - pl.col("after"),
        after="after",
    ).sort("account_id")


def _by_age(accounts: pl.DataFrame) -> pl.DataFrame:
    parts = [
        accounts.group_by("role").agg(
            age_days=pl.lit(days),
            accounts=pl.len(),
            stopped=(pl.col("hours") <= days * 24 + 1e-6).fill_null(value=False).mean(),
        )
        for days in LOOKS
    ]
    return pl.concat(parts).select("age_days", "role", "accounts", "stopped").sort("age_days", "role")


def _draw_frontier(truth: pl.DataFrame, seen: pl.DataFrame, spending: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """The same looks under other budgets: the evidence that the rules ask for stays."""
    rows = []
    for budget in BUDGETS:
        told = replace(rules, budget=budget, good_faith_budget=budget * rules.good_faith_budget / rules.budget)
        stops = _first_stop(decide(seen.drop("action", "held_until", "recheck_credits", "recheck_at"), told))
        settled = _settle(truth, stops, seen, spending)
        share = {
            role: (_share(table, "after"), table["stopped_at"].is_not_null().mean())
            for (role,), table in settled.group_by("role")
        }
        (saved, caught), (withheld, stopped) = (share.get(role, (0.0, 0.0)) for role in ("abuse", "genuine"))
        rows.append((budget, saved, withheld, caught, stopped))
    names = ("budget", "saved", "withheld", "stopped_abuse", "stopped_genuine")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row")


def _share(settled: pl.DataFrame, part: str) -> float:
    """The share of all promotional credit spent that was spent in ``part``."""
    return float(settled.select(pl.col(part).sum() / pl.col("spent").sum().clip(1e-9)).item())
