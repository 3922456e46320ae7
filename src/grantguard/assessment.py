"""The meeting place: histories in, risks with reasons and decisions out, for one account or for all."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.contract import Tables
from grantguard.errors import AccountUnknown
from grantguard.facts import describe_accounts, knows_nothing
from grantguard.forest import Bundle, give_reasons, stratum_of, weigh_evidence
from grantguard.histories import Histories, Look, Past, ask, follow_rings
from grantguard.policy import RULES, Rules, decide
from grantguard.signals import CATALOGUE, extract
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
    ``promo_credits_spent`` and ``open_grants``; ``reasons`` stand in the same order.
    """

    decided: pl.DataFrame
    signals: pl.DataFrame
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


def assess_past(
    past: Past, asked: pl.DataFrame, bundle: Bundle, rules: Rules = RULES, look: Look | None = None
) -> Assessment:
    """Risks and decisions of ``asked`` (``account_id, at``), a row each, of a past at hand.

    ``look`` reads on from account to account where the past holds but some: so are their rings seen whole.
    """
    histories = past.up_to(asked)
    rings = histories.rings if look is None else follow_rings(histories.kin, look, past.crowds, past.tables.campaigns)
    return assess_histories(past, histories, rings, bundle, rules)


def assess_histories(
    past: Past, histories: Histories, rings: pl.DataFrame, bundle: Bundle, rules: Rules = RULES
) -> Assessment:
    """Risks and decisions of what was asked of ``past``, where the rings of all are known (``account_id, ring_id``)."""
    return assess_findings(Findings.of(past, histories, rings), bundle, rules)


@dataclass(frozen=True)
class Findings:
    """What is known of accounts as of their moments, a row each in one order, before any forest looks at it.

    ``signals`` is what ``extract`` gives, ``facts`` what ``describe_accounts`` does, ``purses`` what
    ``prepare_purses`` does, without ``subject``.
    """

    signals: pl.DataFrame
    facts: pl.DataFrame
    purses: pl.DataFrame

    @classmethod
    def of(cls, past: Past, histories: Histories, rings: pl.DataFrame) -> Findings:
        """Of what was asked of ``past``, where the rings of all are known."""
        facts = describe_accounts(past, histories.asked, rings)
        return cls(extract(histories), facts, histories.purses[:, 1:])

    def filter(self, rows: pl.Series) -> Findings:
        """The rows that are true in ``rows``."""
        return Findings(*(frame.filter(rows) for frame in (self.signals, self.facts, self.purses)))


def assess_findings(findings: Findings, bundle: Bundle, rules: Rules = RULES) -> Assessment:
    """Risks and decisions of accounts of which so much is known."""
    scored = _score(findings, bundle)
    decided = decide(scored.told, rules)
    return Assessment(decided, scored.signals, _reason(scored, bundle), bundle.version, rules.version)


def decide_at(past: Past, asked: pl.DataFrame, bundle: Bundle, rules: Rules = RULES) -> pl.DataFrame:
    """What ``Assessment.decided`` has, without reasons, for any accounts as of any moments (``account_id, at``)."""
    histories = past.up_to(asked)
    return decide(_score(Findings.of(past, histories, histories.rings), bundle).told, rules)


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


def _score(findings: Findings, bundle: Bundle) -> _Scored:
    signals, facts = findings.signals, findings.facts
    table = signals[list(NAMES)].to_numpy().astype(np.float64)
    strata = stratum_of(facts["age_days"].to_numpy(), facts["has_paid"].to_numpy())
    tails = bundle.scale.tail(table)
    surprise = bundle.scale.surprise_of(tails)
    contributions = bundle.forest.contributions(surprise)
    silent = knows_nothing(table)
    evidence = weigh_evidence(bundle.forest, contributions, surprise, CATALOGUE)
    kinds = bundle.calibration.kind_p_values(evidence, strata)
    rated = _rate(bundle, contributions.sum(axis=1), kinds, strata, silent)
    parts = (facts, rated, signals[["multiplier_gain", "threshold_hugging"]], findings.purses)
    told = pl.concat(parts, how="horizontal")
    return _Scored(told, signals, table, tails, silent, strata, contributions)


def _rate(
    bundle: Bundle, scores: Floats, kinds: Floats, strata: NDArray[np.int64], silent: NDArray[np.bool_]
) -> pl.DataFrame:
    """Status, risk and p-values, those of the ``kinds`` of evidence too; nulls where nothing is known."""
    p_values = bundle.calibration.p_value(scores, strata)
    known = {
        "risk": bundle.calibration.risk(scores),
        "p_value": p_values,
        "p_ever": bundle.calibration.p_ever(p_values),
    }
    status = np.where(silent, "too_little_history", "scored")
    hidden = {name: np.where(silent, np.nan, values) for name, values in known.items()}
    spoken = {f"p_{kind}": kinds[:, i] for i, kind in enumerate(KINDS_OF_EVIDENCE)}
    return pl.DataFrame({"status": status, **hidden, **spoken}, nan_to_null=True)


def _reason(scored: _Scored, bundle: Bundle) -> tuple[tuple[Reason, ...], ...]:
    typical = bundle.calibration.typical[scored.strata]
    return tuple(
        ()
        if scored.silent[i]
        else give_reasons(CATALOGUE, scored.table[i], typical[i], scored.tails[i], scored.contributions[i])
        for i in range(len(scored.table))
    )
