"""Learning from reviewers: verdicts become lessons, read as of the moment at which each was given."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from grantguard.contract import Tables
from grantguard.errors import NothingToLearn
from grantguard.facts import is_silent, key_of, spread_verdicts
from grantguard.forest import Bundle, Lessons
from grantguard.histories import Past
from grantguard.histories.past import find_rings_at
from grantguard.signals import extract
from grantguard.training.population import tabulate
from grantguard.training.schooling import teach_bundle

TEACHING = ("abuse", "genuine")
"""Labels that teach. ``compromised`` is a victim and no example of either."""


def learn(tables: Tables, labels: pl.DataFrame, bundle: Bundle) -> Bundle:
    """The bundle after the verdicts in ``labels`` (the contract's), added to those that taught it before.

    Each account's newest verdict counts, its signals read as of ``labelled_at``; one that names a ring speaks for the
    ring's members as of then, and all of them together weigh as one. Raises ``NothingToLearn`` where no verdict
    is about an account in the tables, or none teaches.
    """
    past = Past.of(tables)
    told = find_examples(labels, past)
    if told.is_empty():
        raise NothingToLearn(
            f"labels: none of {labels.height} says abuse or genuine of an account or ring in the data;"
            " check account_id and label"
        )
    return learn_from(told, extract(past.up_to(asked_of(told))), bundle)


def asked_of(told: pl.DataFrame) -> pl.DataFrame:
    """What to ask about examples: each as of its verdict (``account_id, at``)."""
    return told.select("account_id", at="labelled_at")


def learn_from(told: pl.DataFrame, signals: pl.DataFrame, bundle: Bundle) -> Bundle:
    """The bundle after the verdicts ``told``, as ``find_examples`` gives them, on accounts of such ``signals`` then."""
    heard = ~is_silent(signals)
    told, table = told.filter(pl.Series(heard)), tabulate(signals)[heard]
    new = _write_lessons(told, bundle.scale.surprise(table))
    kept = bundle.verdicts.where(~np.isin(bundle.verdicts.account, new.account))
    taught = teach_bundle(bundle, bundle.school, Lessons.joined([kept, new]))
    return replace(taught, card=_sign(taught.card, told))


def find_examples(labels: pl.DataFrame, past: Past) -> pl.DataFrame:
    """The newest teaching verdict on each account in the data: ``account_id, label, labelled_at, spoken_of``."""
    told = spread_examples(labels, lambda moment: find_rings_at(past, moment))
    return told.filter(pl.col("account_id").is_in(past.account_ids.implode()))


def spread_examples(labels: pl.DataFrame, find_rings: Callable[[datetime], pl.DataFrame]) -> pl.DataFrame:
    """What ``find_examples`` gives, of accounts in the data or not, where ``find_rings`` tells rings of a moment."""
    known = labels.with_columns(spoken_of=pl.coalesce("ring_id", "account_id"))
    rings = pl.concat(
        [
            find_rings(moment[0]).join(part.drop("account_id"), on="ring_id")
            for moment, part in known.filter(pl.col("account_id").is_null()).group_by("labelled_at")
        ]
        or [spread_verdicts(known.clear(), known.clear().select("account_id", "ring_id"))],
        how="diagonal",
    )
    columns = ("account_id", "label", "labelled_at", "spoken_of")
    spread = pl.concat([known.filter(pl.col("account_id").is_not_null()).select(columns), rings.select(columns)])
    newest = spread.sort("labelled_at", "account_id").unique("account_id", keep="last", maintain_order=True)
    return newest.filter(pl.col("label").is_in(TEACHING)).sort("account_id")


def _write_lessons(told: pl.DataFrame, surprise: np.ndarray[Any, np.dtype[np.float64]]) -> Lessons:
    share = told.select(1 / pl.len().over("spoken_of")).to_series()
    return Lessons(
        surprise=surprise.astype(np.float32),
        abuse=(told["label"] == "abuse").to_numpy(),
        weight=share.to_numpy(),
        group=told["spoken_of"].map_elements(key_of, pl.Int64).to_numpy(),
        account=told["account_id"].map_elements(key_of, pl.Int64).to_numpy(),
    )


def _sign(card: dict[str, Any], told: pl.DataFrame) -> dict[str, Any]:
    """The card with the verdicts that taught it, a new version, and the old one in its lineage."""
    verdicts = {each["account_id"]: each for each in card["verdicts"]}
    verdicts |= {
        each["account_id"]: each | {"labelled_at": _when(each["labelled_at"])}
        for each in told.select("account_id", "label", "labelled_at").to_dicts()
    }
    listed = [verdicts[name] for name in sorted(verdicts)]
    day = card["model_version"].split("-")[0]
    version = f"{day}-{zlib.crc32(repr((card['model_version'], listed)).encode()):08x}"
    lineage = [*card["lineage"], {"model_version": card["model_version"], "verdicts": len(card["verdicts"])}]
    return card | {"model_version": version, "lineage": lineage, "verdicts": listed}


def _when(moment: datetime) -> str:
    return moment.isoformat()
