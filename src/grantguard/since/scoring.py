"""Scores of everybody, of whom only those are rated who have news; the others' are carried over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from grantguard.assessment import Assessment, Findings, assess_findings, rank, rate_others
from grantguard.contract import TIME, Tables
from grantguard.forest import Bundle
from grantguard.policy import RULES, Rules
from grantguard.since.dating import Dated, date, date_since
from grantguard.since.fingerprints import fingerprint_accounts
from grantguard.since.looks import find_retold, take_looks
from grantguard.since.memory import Memory, renew
from grantguard.since.telling import tell


@dataclass(frozen=True)
class Scored:
    """The contract's ``scores`` of all accounts, how many of them were ``touched``, and what is remembered of it."""

    scores: pl.DataFrame
    touched: int
    memory: Memory


def score_since(
    tables: Tables, bundle: Bundle, at: datetime, earlier: Memory | None = None, rules: Rules = RULES
) -> Scored:
    """Score every account as of ``at``, as from scratch; of an ``earlier`` run, what still holds is carried over.

    ``earlier`` is as of ``at`` or before, of the same bundle and rules.
    """
    prints = fingerprint_accounts(tables, at)
    dated = date(tables, at, prints) if earlier is None else date_since(tables, at, prints, earlier)
    said, findings = tell(dated, at, earlier)
    others = rate_others(dated.past, findings, bundle)
    looks = take_looks(findings, others, bundle)
    touched = looks.select("account_id") if earlier is None else _find_touched(findings, looks, dated, earlier)
    rows = looks["account_id"].is_in(touched["account_id"].implode())
    assessed = assess_findings(findings.filter(rows), others, bundle, rules)
    scores = assessed.scores() if earlier is None else _carry_over(earlier, assessed, dated, touched, at)
    share = dated.share
    memory = Memory(
        at=at,
        prints=prints,
        looks=looks,
        facts=share.facts,
        quiet=dated.quiet,
        likenesses=share.likenesses,
        marks=share.marks,
        guests=share.guests,
        lengths=share.lengths,
        signals=said.signals,
        grants=said.grants,
        purses=said.purses,
        scores=scores,
    )
    return Scored(scores, touched.height, memory)


def _find_touched(findings: Findings, looks: pl.DataFrame, dated: Dated, earlier: Memory) -> pl.DataFrame:
    """Who was read, who looks different, and of whom another value is to be told."""
    unlike = looks.join(earlier.looks, on=["account_id", "look"], how="anti").select("account_id")
    return pl.concat([dated.read, unlike, find_retold(findings, earlier.scores)]).unique()


def _carry_over(
    earlier: Memory, assessed: Assessment, dated: Dated, touched: pl.DataFrame, at: datetime
) -> pl.DataFrame:
    void = pl.concat([touched, dated.stale]).unique()
    carried = renew(earlier.scores, assessed.scores(), void)
    return rank(carried.with_columns(at=pl.lit(at, TIME)))
