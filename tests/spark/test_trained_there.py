"""A forest that a cluster's accounts make is the forest that they make at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pyspark.sql import SparkSession

from grantguard.assessment import assess
from grantguard.contract import Tables
from grantguard.forest import Bundle
from grantguard.histories import Past
from grantguard.histories.past import find_rings_at
from grantguard.sources.files import read
from grantguard.sources.outputs import write_tables
from grantguard.spark import Gathered, Lake, Question, date, gather
from grantguard.training import Recipe, grow
from grantguard.training.whole import Whole
from grantguard.worlds import simulate

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

RECIPE = Recipe(trees=40, sample=256, schools=1, pupils=300)
CLOCK = datetime(2040, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Both:
    """One data directory as a cluster has it and as this machine has it, and the forests that they make."""

    there: Gathered
    here: Whole
    made_there: Bundle
    made_here: Bundle


def with_verdicts(tables: Tables) -> Tables:
    """A person said abuse of a ring as it stood weeks ago, and genuine of an account.

    Forty were brought by somebody of whom no table tells.
    """
    newest = tables.usage["occurred_at"].max()
    assert isinstance(newest, datetime)
    at = newest - timedelta(days=20)
    ring = find_rings_at(Past.of(tables), at)["ring_id"].sort()[0]
    said = pl.DataFrame(
        {
            "ring_id": [ring, None],
            "account_id": [None, tables.accounts["account_id"][3]],
            "label": ["abuse", "genuine"],
            "labelled_at": [at, at + timedelta(days=9)],
            "reviewer": ["ada", "bob"],
        }
    )
    brought = pl.when(pl.int_range(pl.len()) < 40).then(pl.format("gone {}", "account_id")).otherwise("referred_by")
    accounts = tables.accounts.with_columns(referred_by=brought)
    return replace(tables, accounts=accounts, labels=Tables.of(labels=said).labels)


@pytest.fixture(scope="module")
def both(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = tmp_path_factory.mktemp("trained")
    write_tables(with_verdicts(simulate(300, seed=8, prevalence=0.15).tables), folder)
    read_here = read(folder, CLOCK)
    assert read_here.newest is not None
    here = Whole.of(read_here.tables, read_here.newest, RECIPE)
    there = gather(date(Lake(spark, str(folder), CLOCK), Question(None, lambda _: 4)), RECIPE)
    return Both(there, here, grow(there, RECIPE)[0], grow(here, RECIPE)[0])


def test_the_same_accounts_have_the_same_signals(both: Both) -> None:
    assert_frame_equal(both.there.everybody.signals, both.here.everybody.signals, rel_tol=1e-9, abs_tol=1e-9)


def test_the_same_is_known_of_them(both: Both) -> None:
    assert_frame_equal(both.there.everybody.facts, both.here.everybody.facts, rel_tol=1e-9, abs_tol=1e-9)


def test_the_same_accounts_are_the_reference(both: Both) -> None:
    assert_frame_equal(both.there.trusted.facts, both.here.trusted.facts, rel_tol=1e-9, abs_tol=1e-9)


def test_company_lends_the_reference_the_same_at_every_landmark(both: Both) -> None:
    there, here = both.made_there.calibration.lent, both.made_here.calibration.lent
    assert there.any()
    np.testing.assert_allclose(there, here, rtol=1e-9, atol=1e-9)


def test_the_card_says_the_same(both: Both) -> None:
    assert both.made_there.card == both.made_here.card


def test_an_account_has_the_same_risk_by_either(both: Both) -> None:
    tables, columns = both.here.past.tables, ("account_id", "model_version", "risk", "p_value", "decision")
    there, here = (
        assess(tables, bundle, both.here.at).scores().sort("account_id").select(columns)
        for bundle in (both.made_there, both.made_here)
    )
    assert_frame_equal(there, here, rel_tol=1e-9, abs_tol=1e-9)
