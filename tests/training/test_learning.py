"""Learning: reviewers' verdicts, as of the moment at which each was given."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from grantguard.assessment import assess
from grantguard.contract import LABELS
from grantguard.errors import NothingToLearn
from grantguard.forest import Bundle
from grantguard.training import learn
from grantguard.training.reference import recalibrate
from grantguard.worlds import World


def verdicts(world: World, **columns: list[str]) -> pl.DataFrame:
    """Verdicts given when the world ends; ``account_id`` or ``ring_id``, and ``label``."""
    at = world.tables.usage["occurred_at"].max()
    table = pl.DataFrame(columns).with_columns(labelled_at=pl.lit(at))
    missing = [name for name in LABELS.schema if name not in table.columns]
    return table.with_columns(pl.lit(None, pl.String).alias(name) for name in missing).select(LABELS.schema.keys())


def risks(world: World, bundle: Bundle) -> dict[str, float]:
    assessed = assess(world.tables, bundle, world.tables.usage["occurred_at"].max())  # type: ignore[arg-type]
    return dict(assessed.scores().drop_nulls("risk").select("account_id", "risk").iter_rows())


@pytest.fixture(scope="module")
def before(world: World, bundle: Bundle) -> dict[str, float]:
    return risks(world, bundle)


def pick(world: World, role: str, count: int) -> list[str]:
    return world.truth.filter(pl.col("role") == role)["account_id"].to_list()[:count]


def test_abuse_raises_risk_and_genuine_lowers_it(world: World, bundle: Bundle, before: dict[str, float]) -> None:
    ranked = sorted(before, key=before.__getitem__)
    calm, odd = ranked[len(ranked) // 2], ranked[-3]
    taught = learn(world.tables, verdicts(world, account_id=[calm, odd], label=["abuse", "genuine"]), bundle)
    after = risks(world, taught)
    assert after[calm] > before[calm]
    assert after[odd] < before[odd]


def test_compromised_is_no_example(world: World, bundle: Bundle) -> None:
    with pytest.raises(NothingToLearn):
        learn(world.tables, verdicts(world, account_id=pick(world, "genuine", 1), label=["compromised"]), bundle)


def test_strangers_teach_nothing_and_are_said_so(world: World, bundle: Bundle) -> None:
    with pytest.raises(NothingToLearn, match="none of 1"):
        learn(world.tables, verdicts(world, account_id=["nobody"], label=["abuse"]), bundle)


def test_a_verdict_on_a_ring_speaks_for_its_members(world: World, bundle: Bundle) -> None:
    at = world.tables.usage["occurred_at"].max()
    scores = assess(world.tables, bundle, at).scores()  # type: ignore[arg-type]
    ring = scores.drop_nulls("ring_id")["ring_id"].mode().sort().to_list()[0]
    members = scores.filter(pl.col("ring_id") == ring, pl.col("status") == "scored")["account_id"].to_list()
    taught = learn(world.tables, verdicts(world, ring_id=[ring], label=["abuse"]), bundle)
    assert {each["account_id"] for each in taught.card["verdicts"]} == set(members)
    assert taught.verdicts.weight.sum() == pytest.approx(1.0)


def test_the_card_says_which_verdicts_taught_it(world: World, bundle: Bundle) -> None:
    first, second = pick(world, "abuse", 2)
    once = learn(world.tables, verdicts(world, account_id=[first], label=["abuse"]), bundle)
    twice = learn(world.tables, verdicts(world, account_id=[second], label=["genuine"]), once)
    assert {each["account_id"]: each["label"] for each in twice.card["verdicts"]} == {first: "abuse", second: "genuine"}
    assert [each["model_version"] for each in twice.card["lineage"]] == [bundle.version, once.version]


def test_a_newer_verdict_on_an_account_takes_the_place_of_the_older(world: World, bundle: Bundle) -> None:
    (account,) = pick(world, "abuse", 1)
    both = [verdicts(world, account_id=[account], label=[label]) for label in ("abuse", "genuine")]
    both[0] = both[0].with_columns(pl.col("labelled_at") - pl.lit(timedelta(days=1)))
    taught = learn(world.tables, pl.concat(both), bundle)
    assert taught.verdicts.abuse.tolist() == [False]
    relearnt = learn(world.tables, both[1], learn(world.tables, both[0], bundle))
    assert relearnt.verdicts.abuse.tolist() == [False]


def test_accounts_called_abuse_calibrate_no_more(world: World, bundle: Bundle) -> None:
    taught = learn(world.tables, verdicts(world, account_id=pick(world, "genuine", 40), label=["abuse"] * 40), bundle)
    assert not np.isin(taught.calibration.account, taught.verdicts.account).any()
    assert taught.calibration.accounts < bundle.calibration.accounts


def test_whom_a_verdict_calls_genuine_calibrates_as_a_forest_sees_them_that_did_not_hear_it(
    world: World, bundle: Bundle
) -> None:
    told = verdicts(world, account_id=pick(world, "genuine", 40), label=["genuine"] * 40)
    taught = learn(world.tables, told, bundle)
    kept, heard = taught.calibration, recalibrate(taught.forest, taught.calibration)
    spoken_of = np.isin(kept.account, taught.verdicts.account)
    assert kept.accounts == bundle.calibration.accounts
    assert spoken_of.any()
    assert (kept.scores == heard.scores).tolist() == (~spoken_of).tolist()


def test_signals_are_read_as_of_the_verdict(world: World, bundle: Bundle) -> None:
    account = world.tables.usage["account_id"].mode().sort()[0]
    late = verdicts(world, account_id=[account], label=["abuse"])
    moment = world.tables.usage.filter(pl.col("account_id") == account)["occurred_at"].sort()[25]
    early = late.with_columns(labelled_at=pl.lit(moment))
    until_then = world.tables.usage.filter(pl.col("occurred_at") <= moment)
    cut = type(world.tables).of(
        **{name: getattr(world.tables, name) for name in ("accounts", "grants", "billing", "campaigns")},
        usage=until_then,
    )
    assert np.array_equal(
        learn(world.tables, early, bundle).verdicts.surprise, learn(cut, early, bundle).verdicts.surprise
    )
