"""The meeting place: histories in, risks with reasons and decisions out, for one account or for all."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.contract import TIME, Tables
from grantguard.errors import AccountUnknown
from grantguard.facts import describe_accounts, knows_nothing
from grantguard.forest import (
    SPEAKING,
    Bundle,
    Company,
    add_up,
    give_reasons,
    rate_alone,
    stratum_of,
    weigh_evidence,
)
from grantguard.histories import Histories, Look, Past, ask, find_nearest, follow_rings
from grantguard.policy import RULES, Rules, decide
from grantguard.signals import CATALOGUE, extract, extract_others
from grantguard.training import NAMES
from grantguard.vocabulary import FAMILIES, KINDS_OF_EVIDENCE, Decision, Reason, Recheck, Support

Floats = NDArray[np.float64]

REASON = pl.Struct(
    {
        "signal": pl.String,
        "family": pl.String,
        "value": pl.Float64,
        "unit": pl.String,
        "typical": pl.Float64,
        "percentile": pl.Float64,
        "contribution": pl.Float64,
        "text": pl.String,
    }
)


NAMES_OF = {family: [each.name for each in CATALOGUE if each.family == family] for family in FAMILIES}
"""The signals of each family."""


@dataclass(frozen=True)
class Assessment:
    """Risks and decisions of the accounts asked about, a row each, and the signals that they rest on.

    ``decided`` has what ``policy.decide`` reads and gives, besides ``risk``, ``ring_id``, ``events``, ``days``,
    ``promo_credits_spent`` and ``open_grants``; ``reasons`` stand in the same order. ``near`` says in whose company
    they are (``histories.NEAREST``).
    """

    decided: pl.DataFrame
    signals: pl.DataFrame
    near: pl.DataFrame
    reasons: tuple[tuple[Reason, ...], ...]
    model_version: str
    rules_version: str

    def scores(self) -> pl.DataFrame:
        """The contract's ``scores``, most suspicious first, unscored accounts last."""
        told = [[vars(reason) for reason in reasons] for reasons in self.reasons]
        table = self.decided.with_columns(
            reasons=pl.Series(told, dtype=pl.List(REASON)), model_version=pl.lit(self.model_version)
        )
        return rank(table).select(
            *("account_id", "model_version", "at", "status", "risk", "p_value", "ring_id"),
            pl.col("action").alias("decision"),
            *("reasons", "promo_credits_spent", "promo_credits_left"),
        )

    def decision(self, row: int = 0, grant_id: str | None = None) -> Decision:
        """The decision of one row, about all its open grants or about the one asked about."""
        told = self.decided.row(row, named=True)
        said = self.signals.row(row, named=True)
        silent = [family for family in FAMILIES if all(said[name] is None for name in NAMES_OF[family])]
        return Decision(
            decision_id=self._name(told, grant_id),
            account_id=told["account_id"],
            grants=tuple(told["open_grants"]) if grant_id is None else (grant_id,),
            at=told["at"],
            action=told["action"],
            enforced=False,
            status=told["status"],
            risk=told["risk"],
            p_value=told["p_value"],
            held_until=told["held_until"],
            recheck=Recheck(told["recheck_credits"], told["recheck_at"]),
            reasons=self.reasons[row],
            support=Support(told["events"], told["days"], tuple(silent)),
            promo_credits_spent=told["promo_credits_spent"],
            promo_credits_left=told["promo_credits_left"],
            model_version=self.model_version,
            rules_version=self.rules_version,
        )

    def _name(self, told: dict[str, Any], grant_id: str | None) -> str:
        asked = (told["account_id"], grant_id, told["at"], self.model_version, self.rules_version, told["events"])
        return str(uuid.uuid5(uuid.NAMESPACE_OID, repr(asked)))


def rank(scores: pl.DataFrame) -> pl.DataFrame:
    """Most suspicious first, unscored accounts last."""
    return scores.sort("risk", "account_id", descending=[True, False], nulls_last=True)


def assess(
    tables: Tables, bundle: Bundle, at: datetime, *, accounts: list[str] | None = None, rules: Rules = RULES
) -> Assessment:
    """Risks and decisions as of ``at`` of ``accounts``, or of every account that the tables mention.

    Raises ``AccountUnknown`` for an account that no table mentions.
    """
    past = Past.of(tables)
    unknown = sorted(set(accounts or ()).difference(past.marks["account_id"], past.tables.grants["account_id"]))
    if unknown:
        raise AccountUnknown(f"account {unknown[0]}: in no table; check the id, or the data directory")
    return assess_past(past, ask(past.account_ids if accounts is None else accounts, at), bundle, rules)


@dataclass(frozen=True)
class Beyond:
    """Reads on from some accounts to others: ``look`` what those have in common, ``read`` what their own rows say.

    ``read`` gives the past of accounts, by name, with the thresholds that are known.
    """

    look: Look
    read: Callable[[pl.Series, pl.DataFrame], Past]


def assess_past(
    past: Past, asked: pl.DataFrame, bundle: Bundle, rules: Rules = RULES, beyond: Beyond | None = None
) -> Assessment:
    """Risks and decisions of ``asked`` (``account_id, at``), a row each, of a past at hand.

    Where the past holds but some accounts, ``beyond`` reads of the others what has a part in that.
    """
    histories = past.up_to(asked)
    if beyond is None:
        rings, read = histories.rings, None
    else:
        rings, read = follow_rings(histories.kin, beyond.look, past.crowds, past.tables.campaigns), beyond.read
    findings = Findings.of(past, histories, rings)
    beyond_it = past if read is None or findings.near.is_empty() else read(findings.near["other"], past.thresholds)
    return assess_findings(findings, rate_others(beyond_it, findings, bundle), bundle, rules)


@dataclass(frozen=True)
class Findings:
    """What is known of accounts as of their moments, a row each in one order, before any forest looks at it.

    ``signals`` is what ``extract`` gives, ``facts`` what ``describe_accounts`` does, ``purses`` what
    ``prepare_purses`` does, without ``subject``; ``near`` says who stands near them (``histories.NEAREST``).
    """

    signals: pl.DataFrame
    facts: pl.DataFrame
    purses: pl.DataFrame
    near: pl.DataFrame

    @classmethod
    def of(cls, past: Past, histories: Histories, rings: pl.DataFrame) -> Findings:
        """Of what was asked of ``past``, where the rings of all are known."""
        facts = describe_accounts(past, histories.asked, rings)
        return cls(extract(histories), facts, histories.purses[:, 1:], find_nearest(histories.kin))

    def filter(self, rows: pl.Series) -> Findings:
        """The rows that are true in ``rows``."""
        signals, facts, purses = (frame.filter(rows) for frame in (self.signals, self.facts, self.purses))
        return Findings(signals, facts, purses, self.near)


RATINGS = ("score", *KINDS_OF_EVIDENCE)
RATED = pl.Schema({"account_id": pl.String(), "at": TIME, **dict.fromkeys(RATINGS, pl.Float64())})
"""What a forest says of an account by itself: its score, and what each kind of evidence adds to it."""

NOBODY = RATED.to_frame()
"""What it says of those near an account that nobody stands near: most have no company."""


def rate_others(past: Past, findings: Findings, bundle: Bundle) -> pl.DataFrame:
    """``RATED`` of whoever stands near the accounts of ``findings``, whose own rows ``past`` has."""
    if findings.near.is_empty():
        return NOBODY
    return rate_themselves(extract_others(past, findings.signals, findings.near), bundle)


def rate_themselves(signals: pl.DataFrame, bundle: Bundle) -> pl.DataFrame:
    """``RATED`` of accounts of such signals, of which those of links are not heard."""
    if signals.is_empty():
        return NOBODY
    told = pl.DataFrame(rate_alone(bundle.forest, bundle.scale.surprise(_read(signals))), schema=RATINGS)
    return signals.select("account_id", "at").hstack(told)


def assess_findings(findings: Findings, others: pl.DataFrame, bundle: Bundle, rules: Rules = RULES) -> Assessment:
    """Risks and decisions of accounts of which so much is known, and of those near them ``RATED``."""
    scored = _score(findings, others, bundle)
    decided = decide(scored.told, rules)
    reasons = _reason(scored, bundle)
    return Assessment(decided, scored.signals, findings.near, reasons, bundle.version, rules.version)


def decide_at(past: Past, asked: pl.DataFrame, bundle: Bundle, rules: Rules = RULES) -> pl.DataFrame:
    """What ``Assessment.decided`` has, without reasons, for any accounts as of any moments (``account_id, at``)."""
    histories = past.up_to(asked)
    findings = Findings.of(past, histories, histories.rings)
    return decide(_score(findings, rate_others(past, findings, bundle), bundle).told, rules)


@dataclass(frozen=True)
class _Scored:
    """What is known of each account asked about, a row each, and the arrays that reasons are made of."""

    told: pl.DataFrame
    signals: pl.DataFrame
    table: Floats
    tails: Floats
    silent: NDArray[np.bool_]
    strata: NDArray[np.int64]
    contributions: Floats
    lent: Floats


def _read(signals: pl.DataFrame) -> Floats:
    return signals[list(NAMES)].to_numpy().astype(np.float64)


def _score(findings: Findings, others: pl.DataFrame, bundle: Bundle) -> _Scored:
    signals, facts = findings.signals, findings.facts
    table = _read(signals)
    strata = stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())
    tails = bundle.scale.tail(table)
    surprise = bundle.scale.surprise_of(tails)
    contributions = bundle.forest.contributions(surprise)
    silent = knows_nothing(table)
    evidence = weigh_evidence(bundle.forest, contributions, surprise, CATALOGUE)
    lent = lend(findings, others, bundle)
    seen = add_up(contributions, evidence) + lent
    rated = _rate(bundle, seen, strata, silent)
    parts = (facts, rated, signals[["multiplier_gain", "threshold_hugging"]], findings.purses)
    told = pl.concat(parts, how="horizontal")
    return _Scored(told, signals, table, tails, silent, strata, contributions, lent[:, 0])


def lend(findings: Findings, others: pl.DataFrame, bundle: Bundle) -> Floats:
    """What company lends each account's score and kinds of evidence, (accounts, 1 + ``KINDS_OF_EVIDENCE``)."""
    company = Company.of(findings.facts, findings.near, others)
    told = others.select(RATINGS).to_numpy() - bundle.calibration.usual
    return company.lend(told, findings.facts.height)


def _rate(bundle: Bundle, seen: Floats, strata: NDArray[np.int64], silent: NDArray[np.bool_]) -> pl.DataFrame:
    """Status, score, risk and p-values, those of the kinds of evidence too; nulls where nothing is known.

    ``seen`` has the score of each account, and its kinds of evidence, (accounts, 1 + ``KINDS_OF_EVIDENCE``).
    """
    scores, kinds = seen[:, 0], bundle.calibration.kind_p_values(seen[:, 1:], strata)
    p_values = bundle.calibration.p_value(scores, strata)
    known = {
        "score": scores,
        "risk": bundle.calibration.risk(scores),
        "p_value": p_values,
        "p_ever": bundle.calibration.p_ever(scores, strata),
    }
    status = np.where(silent, "too_little_history", "scored")
    hidden = {name: np.where(silent, np.nan, values) for name, values in known.items()}
    spoken = {f"p_{kind}": kinds[:, i] for i, kind in enumerate(KINDS_OF_EVIDENCE)}
    return pl.DataFrame({"status": status, **hidden, **spoken}, nan_to_null=True)


def _reason(scored: _Scored, bundle: Bundle) -> tuple[tuple[Reason, ...], ...]:
    lent, calibration = scored.lent, bundle.calibration
    unknown = np.full(len(lent), np.nan)
    values = np.column_stack([scored.table, np.where(lent > 0, lent / bundle.forest.spread, unknown)])
    typical = np.column_stack([calibration.typical[scored.strata], unknown])
    tails = np.column_stack([scored.tails, calibration.tail_of_lent(lent)])
    contributions = np.column_stack([scored.contributions, lent])
    return tuple(
        () if scored.silent[i] else give_reasons(SPEAKING, values[i], typical[i], tails[i], contributions[i])
        for i in range(len(values))
    )
