"""How well it does: what is caught at a false-hold budget, whom it stops, and what no model would have done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score

from grantguard.authenticity import compare_figures, weigh
from grantguard.contract import LABELS, Tables
from grantguard.forest import Bundle, Company, score_together
from grantguard.review import Estimate, build_queue, estimate_missed
from grantguard.signals import CATALOGUE
from grantguard.training import without_technique

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BUDGETS = (0.005, 0.01)
"""Shares of genuine accounts that may be stopped."""

MODEL, SIGNAL, OBVIOUS = "Grantguard", "best single signal", "forest on obvious features"


@dataclass(frozen=True)
class Ranking:
    """How one way of ranking accounts does: recall at each of ``BUDGETS``, and average precision."""

    name: str
    recall: tuple[float, ...]
    average_precision: float


@dataclass(frozen=True)
class Evaluation:
    """A population's truth beside its ranking and decisions.

    ``accounts`` has ``account_id, role, kind, ring, risk, decision, promo_credits_left, promo_credits_spent`` and
    ``stopped`` (above the threshold of the first budget); ``rankings`` begin with the model's own. ``untaught`` has
    ``kind, unseen``: each technique's recall by a forest whose schooling left it out (no row for an unschooled one).
    ``missed`` is an audit of those not stopped; ``figures`` compares product figures raw, weighted and in truth.
    """

    accounts: pl.DataFrame
    rankings: tuple[Ranking, ...]
    untaught: pl.DataFrame
    missed: Audit
    figures: pl.DataFrame

    @property
    def techniques(self) -> pl.DataFrame:
        """``kind, accounts, recall, held, unseen`` of each technique.

        Stopped at the first budget, held by policy, and stopped where the schooling left this technique out.
        """
        told = self._by_kind("abuse").rename({"stopped": "recall"})
        return told.join(self.untaught, on="kind", how="left", maintain_order="left")

    @property
    def cohorts(self) -> pl.DataFrame:
        """``kind, accounts, stopped, held`` of each look-alike cohort, as shares."""
        return self._by_kind("genuine")

    def _by_kind(self, role: str) -> pl.DataFrame:
        return (
            self.accounts.filter(pl.col("role") == role)
            .group_by("kind")
            .agg(accounts=pl.len(), stopped=pl.col("stopped").mean(), held=(pl.col("decision") != "allow").mean())
            .sort(pl.col("kind").str.extract(r"^(\D+)"), pl.col("kind").str.extract(r"(\d+)$").cast(pl.Int64))
        )

    @property
    def held(self) -> dict[str, float]:
        """The share of each role that the policy held."""
        shares = self.accounts.group_by("role").agg(held=(pl.col("decision") != "allow").mean())
        return dict(shares.iter_rows())

    @property
    def credits(self) -> pl.DataFrame:
        """Promotional credits ``spent``, ``left`` and ``left_and_held``, by role."""
        held = pl.col("decision") != "allow"
        return (
            self.accounts.group_by("role")
            .agg(
                spent=pl.col("promo_credits_spent").sum(),
                left=pl.col("promo_credits_left").sum(),
                left_and_held=pl.col("promo_credits_left").filter(held).sum(),
            )
            .sort("role")
        )


@dataclass(frozen=True)
class Audit:
    """How many gaming accounts are not stopped: an estimate from accounts drawn at random, and the truth."""

    estimate: Estimate
    true: int


def evaluate(
    tables: Tables, scores: pl.DataFrame, signals: pl.DataFrame, near: pl.DataFrame, truth: pl.DataFrame, bundle: Bundle
) -> Evaluation:
    """Hold ``scores`` (the contract's) and ``signals`` against ``truth``; accounts without truth are left out.

    ``near`` says in whose company they are (``histories.NEAREST``).
    """
    told = truth.join(scores, on="account_id", how="inner").sort("account_id")
    abuse = (told["role"] == "abuse").to_numpy()
    risk = told["risk"].fill_null(-1.0).to_numpy()
    of_signals = told.select("account_id").join(signals, on="account_id", how="left", maintain_order="left")
    obvious = score_obvious(tables, told["account_id"])
    rankings = (rank(MODEL, risk, abuse), best_signal(of_signals, abuse), rank(OBVIOUS, obvious, abuse))
    stopped = risk > threshold_at(risk, abuse, BUDGETS[0])
    columns = ("account_id", "role", "kind", "ring", "risk", "decision", "promo_credits_left", "promo_credits_spent")
    return Evaluation(
        accounts=told.select(columns).with_columns(stopped=pl.Series(stopped)),
        rankings=rankings,
        untaught=leave_techniques_out(bundle, of_signals, near, told),
        missed=_audit(told.filter(~pl.Series(stopped))),
        figures=compare_figures(tables.usage, weigh(scores, tables.usage), truth),
    )


def leave_techniques_out(
    bundle: Bundle, signals: pl.DataFrame, near: pl.DataFrame, truth: pl.DataFrame
) -> pl.DataFrame:
    """Recall of each technique at the first budget when the bundle is taught without it: ``kind, unseen``.

    ``signals`` and ``truth`` (``role``, ``kind``) have rows alike, ``near`` says in whose company they are. Empty for a
    bundle that was not schooled.
    """
    if not len(bundle.school):
        return pl.DataFrame(schema={"kind": pl.String, "unseen": pl.Float64})
    table = bundle.scale.surprise(signals.select(bundle.card["catalogue"]).to_numpy().astype(np.float64))
    abuse, kinds = (truth["role"] == "abuse").to_numpy(), truth["kind"].to_numpy()
    rows, company = [], Company.of(signals, near, signals)
    for kind in sorted(set(kinds[abuse])):
        scores = score_together(without_technique(bundle, kind), table, company)
        rows.append((kind, float((scores[abuse & (kinds == kind)] > threshold_at(scores, abuse, BUDGETS[0])).mean())))
    return pl.DataFrame(rows, schema={"kind": pl.String, "unseen": pl.Float64}, orient="row")


def _audit(unstopped: pl.DataFrame, draws: int = 200) -> Audit:
    """What drawing from those not stopped, and finding out about each, would have told."""
    known = unstopped.filter(pl.col("status") == "scored")
    queue = build_queue(known, LABELS.empty(), top=draws, seed=0, audit_share=1.0)
    drawn = queue.join(known.select("account_id", "role"), on="account_id", how="left", maintain_order="left")
    abuse = (drawn["role"] == "abuse").to_numpy()
    estimate = estimate_missed(drawn["drawn_with"].to_numpy(), abuse)
    return Audit(estimate, int((known["role"] == "abuse").sum()))


def threshold_at(risk: Floats, abuse: Flags, budget: float) -> float:
    """The lowest risk above which at most ``budget`` of the genuine accounts lie."""
    genuine = np.sort(risk[~abuse])[::-1]
    allowed = int(budget * len(genuine))
    return float(genuine[allowed]) if allowed < len(genuine) else -np.inf


def rank(name: str, risk: Floats, abuse: Flags) -> Ranking:
    """How a ranking does; ties never count in its favour."""
    if not abuse.any():
        return Ranking(name, tuple(float("nan") for _ in BUDGETS), float("nan"))
    recall = tuple(float((risk[abuse] > threshold_at(risk, abuse, budget)).mean()) for budget in BUDGETS)
    return Ranking(name, recall, float(average_precision_score(abuse, risk)))


def best_signal(signals: pl.DataFrame, abuse: Flags) -> Ranking:
    """The single signal that ranks best by average precision, chosen with the truth in hand: a generous rival."""
    ranked = []
    for each in CATALOGUE:
        turned = signals[each.name] * (1 if each.suspicious == "high" else -1)
        if turned.null_count() == turned.len():
            continue
        filled = turned.fill_null(strategy="min").to_numpy()
        ranked.append(rank(f"{SIGNAL} ({each.name})", filled, abuse))
    return max(ranked, key=lambda each: each.average_precision)


def score_obvious(tables: Tables, account_ids: pl.Series) -> Floats:
    """scikit-learn's isolation forest on counts and means: what anybody would try first."""
    counts = tables.usage.group_by("account_id").agg(
        requests=pl.len(),
        credits=pl.col("credits").sum(),
        mean_credits=pl.col("credits").mean(),
        input_tokens=pl.col("input_tokens").mean(),
        output_tokens=pl.col("output_tokens").mean(),
        days=pl.col("occurred_at").dt.date().n_unique(),
        addresses=pl.col("ip_hash").n_unique(),
        devices=pl.col("device_hash").n_unique(),
        error_share=(pl.col("status") != "ok").mean(),
    )
    table = account_ids.to_frame().join(counts, on="account_id", how="left", maintain_order="left").drop("account_id")
    features = pd.DataFrame({name: table[name].fill_null(0).to_numpy().astype(float) for name in table.columns})
    forest = IsolationForest(n_estimators=200, random_state=0).fit(features)
    return -np.asarray(forest.score_samples(features), dtype=np.float64)
