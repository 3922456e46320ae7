"""The champion and the newest other model beside it: drift, the frontier, and whom they treat differently."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import polars as pl

from grantguard.assessment import Assessment
from grantguard.backtest import backtest
from grantguard.comparison import compare
from grantguard.drift import find_drift
from grantguard.forest import Bundle
from grantguard.settlement import Desk, assess_again
from grantguard.store.reading import read_tables
from grantguard.store.weighing import find_recent, find_truth

ACCOUNTS: Final = 2_000
"""Accounts that models are measured on: those scored last, those reviewed last."""

FEW: Final = 20
"""Accounts called abuse, and as many called genuine, from which on a frontier is drawn."""

MOST_CHANGED: Final = 10
"""Accounts that two models treat most differently, listed."""


def measure_models(desk: Desk, now: datetime) -> dict[str, Any]:
    """Measure both on the deployment's own accounts."""
    with desk.database.statement() as connection:
        recent = find_recent(connection, ACCOUNTS)
    models = [model for model in (desk.charge.now().bundle, desk.charge.challenger()) if model is not None]
    assessed = [assess_again(desk, recent, now, model) for model in models] if recent else []
    drifts = [_tell_drift(each, model) for each, model in zip(assessed, models, strict=False)]
    frontiers = _draw_frontiers(desk, models, now)
    return {
        "accounts": len(recent),
        "drift": dict(zip((model.version for model in models), drifts, strict=False)),
        "frontier": frontiers,
        "beside": _beside(assessed) if len(assessed) == 2 else None,
    }


def _tell_drift(assessed: Assessment, model: Bundle) -> dict[str, Any]:
    drift = find_drift(assessed, model)
    worst = drift.signals.filter(pl.col("psi").is_not_null()).sort("psi", descending=True).head(MOST_CHANGED)
    return {
        "reasons": list(drift.reasons),
        "compared": drift.signals["psi"].count(),
        "drifted": int(drift.signals["drifted"].sum()),
        "silent": drift.signals.filter("silent")["signal"].to_list(),
        "worst": worst.select("signal", "family", "psi", "ks", "drifted").to_dicts(),
        "trusted": drift.uniformity.accounts,
        "excess": drift.uniformity.excess,
    }


def _draw_frontiers(desk: Desk, models: list[Bundle], now: datetime) -> dict[str, Any]:
    """By version, what each budget would have saved and withheld on the accounts that persons have judged."""
    with desk.database.statement() as connection:
        truth, kin = find_truth(connection, ACCOUNTS)
    judged = {role: int((truth["role"] == role).sum()) for role in ("abuse", "genuine")}
    if min(judged.values()) < FEW:
        return {"judged": judged, "by_version": {}}
    tables = read_tables(desk.database, sorted({*truth["account_id"], *kin}))
    drawn = {
        model.version: backtest(tables, model, truth, now, rules=desk.rules).frontier.to_dicts() for model in models
    }
    return {"judged": judged, "by_version": drawn}


def _beside(assessed: list[Assessment]) -> dict[str, Any]:
    told = compare(*(each.scores() for each in assessed))
    changed = told.accounts.head(MOST_CHANGED)
    return {
        "champion": told.champion,
        "challenger": told.challenger,
        "agreement": told.agreement,
        "newly_held": told.newly_held.height,
        "let_go": told.let_go.height,
        "changed": changed.to_dicts(),
    }
