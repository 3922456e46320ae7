"""A fair comparison, as a table in Markdown: ``make compare``.

Every way of ranking is made on one simulated population and measured on another. Those that learn are given the same
verdicts; those that need none, none. Missing signals are given to rivals as the reference's typical value, on our own
scale: what helps ours helps theirs. The oracle is told the whole truth of the first population.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.linear_model import LogisticRegression

from grantguard.assessment import assess
from grantguard.evaluation import rank, score_obvious
from grantguard.forest import Bundle
from grantguard.review import build_queue, find_audit_share
from grantguard.training import NAMES, Recipe, learn, train
from grantguard.worlds import World, simulate

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ACCOUNTS = 2_500
STEALTHS = (0.3, 0.5, 0.7)
PREVALENCES = (0.01, 0.03, 0.10)
VERDICTS, AT_A_TIME = 50, 25

POINTS = {
    "shared_address": (1, 40),
    "shared_device": (1, 40),
    "shared_email": (1, 30),
    "networks": (4, 20),
    "joined_within_hour": (3, 20),
    "first_day_burn": (0.9, 20),
    "busiest_minute": (20, 20),
    "campaigns_claimed": (3, 10),
}
"""A rule list as such tools ship: each signal at or beyond a value gives points, and a shared address many."""


@dataclass(frozen=True)
class Population:
    """One population's accounts: who games, their signals, and how surprising these are (rows, signals)."""

    world: World
    at: datetime
    ids: pl.Series
    abuse: Flags
    signals: pl.DataFrame
    surprise: Floats


def look_at(world: World, bundle: Bundle) -> Population:
    """The population as ``bundle`` scales it."""
    at = newest(world)
    told = assess(world.tables, bundle, at).signals
    rows = world.truth.join(told, on="account_id", how="inner").sort("account_id")
    table = rows.select(NAMES).to_numpy().astype(np.float64)
    abuse = (rows["role"] == "abuse").to_numpy()
    return Population(world, at, rows["account_id"], abuse, rows.select(NAMES), bundle.scale.surprise(table))


def newest(world: World) -> datetime:
    """The moment of the last event."""
    moment = world.tables.usage["occurred_at"].max()
    if not isinstance(moment, datetime):
        raise TypeError("a world has events")
    return moment


def review(bundle: Bundle, home: Population) -> tuple[Bundle, pl.DataFrame]:
    """The bundle after ``VERDICTS`` answers from its own queue, and the answers; the truth stands in for reviewers."""
    labels = home.world.tables.labels
    for turn in range(VERDICTS // AT_A_TIME):
        scores = assess(home.world.tables, bundle, home.at).scores()
        own = bundle.forest.with_leaf_values(bundle.forest.own).score(bundle.verdicts.surprise)
        share = find_audit_share(own, bundle.verdicts.abuse)
        listed = build_queue(scores, labels, top=AT_A_TIME, seed=turn, audit_share=share)
        answers = listed.join(home.world.truth, on="account_id").select(
            account_id=pl.when(pl.col("ring_id").is_null()).then("account_id"),
            ring_id="ring_id",
            label="role",
            labelled_at=pl.lit(home.at),
            reviewer=pl.lit("truth"),
            technique=pl.lit(None, pl.String),
        )
        bundle, labels = learn(home.world.tables, answers, bundle), pl.concat([labels, answers])
    return bundle, labels


def rivals(home: Population, away: Population) -> Iterator[tuple[str, Floats]]:
    """What needs no verdicts: each rival's scores of the accounts measured, higher more suspicious."""
    yield "isolation forest (scikit-learn), obvious features", score_obvious(away.world.tables, away.ids)
    forest = IsolationForest(n_estimators=200, random_state=0).fit(home.surprise)
    yield "isolation forest (scikit-learn), our signals", -forest.score_samples(away.surprise)
    for name, detector in detectors():
        yield f"{name} (PyOD), our signals", detector.fit(home.surprise).decision_function(away.surprise)
    yield "rule list of points, shared address first", add_points(away.signals)


def detectors() -> Iterator[tuple[str, Any]]:
    """PyOD's, as they come."""
    from pyod.models.copod import COPOD  # noqa: PLC0415 - installed by `make compare` alone
    from pyod.models.ecod import ECOD  # noqa: PLC0415
    from pyod.models.hbos import HBOS  # noqa: PLC0415

    yield from (("ECOD", ECOD()), ("COPOD", COPOD()), ("HBOS", HBOS()))


def add_points(signals: pl.DataFrame) -> Floats:
    """The rule list's points of each account."""
    points = [
        pl.when(pl.col(name) >= least).then(worth).otherwise(0).fill_null(0) for name, (least, worth) in POINTS.items()
    ]
    return signals.select(points=pl.sum_horizontal(points)).to_series().to_numpy().astype(np.float64)


def supervised(bundle: Bundle, home: Population, away: Population) -> Iterator[tuple[str, Floats]]:
    """What learns from the very verdicts that taught ``bundle``, and what is told everything."""
    told, said = bundle.verdicts.surprise, bundle.verdicts.abuse
    linear = LogisticRegression(class_weight="balanced", max_iter=2000)
    for name, model, rows, truth in (
        (f"logistic regression, the same {VERDICTS} verdicts", linear, told, said),
        (f"gradient boosting, the same {VERDICTS} verdicts", boosting(min_samples_leaf=2), told, said),
        ("oracle: gradient boosting, the whole truth of the first", boosting(), home.surprise, home.abuse),
    ):
        if truth.any() and not truth.all():
            yield name, model.fit(rows, truth).predict_proba(away.surprise)[:, 1]


def score(away: Population, bundle: Bundle) -> Floats:
    """Ours: the risk of each account, which company has a part in; unscored ones last."""
    told = assess(away.world.tables, bundle, away.at).decided.select("account_id", "risk")
    rows = away.ids.to_frame().join(told, on="account_id", how="left", maintain_order="left")
    return rows["risk"].fill_null(-1.0).to_numpy()


def boosting(**options: int) -> HistGradientBoostingClassifier:
    """Gradient boosting with both classes weighing the same."""
    return HistGradientBoostingClassifier(class_weight="balanced", random_state=0, **options)


def compare(stealth: float, prevalence: float, accounts: int) -> dict[str, float]:
    """Recall at 0.5 % false holds of each way of ranking, on one pair of populations."""
    worlds = [simulate(accounts, seed=seed, stealth=stealth, prevalence=prevalence) for seed in (301, 302)]
    bundles = {
        schooled: train(worlds[0].tables, newest(worlds[0]), Recipe(schooled=schooled))[0] for schooled in (False, True)
    }
    home, away = (look_at(world, bundles[True]) for world in worlds)
    taught, _ = review(bundles[True], home)
    scored = {
        "**Grantguard**, no verdicts, unschooled": score(away, bundles[False]),
        "**Grantguard**, no verdicts": score(away, bundles[True]),
        f"**Grantguard**, {VERDICTS} verdicts": score(away, taught),
        **dict(rivals(home, away)),
        **dict(supervised(taught, home, away)),
    }
    return {name: rank(name, scores, away.abuse).recall[0] for name, scores in scored.items()}


def main() -> None:
    """Print the table."""
    settings = [(stealth, prevalence) for stealth in STEALTHS for prevalence in PREVALENCES]
    columns = []
    for stealth, prevalence in settings:
        columns.append(compare(stealth, prevalence, ACCOUNTS))
        sys.stderr.write(f"stealth {stealth}, {prevalence:.0%} gaming: done\n")
    names = list(dict.fromkeys(name for column in columns for name in column))
    heads = [f"stealth {stealth}, {prevalence:.0%}" for stealth, prevalence in settings]
    lines = ["| recall at 0.5 % false holds | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(told(column.get(name)) for column in columns) + " |" for name in names]
    sys.stdout.write("\n".join(lines) + "\n")


def told(recall: float | None) -> str:
    """A figure, or that there is none: nothing can be learnt from one class alone."""
    return "–" if recall is None else f"{recall:.2f}"


if __name__ == "__main__":
    main()
