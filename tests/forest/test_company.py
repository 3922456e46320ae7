"""Company: what stands near an account lends it suspicion, and never takes any away."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.forest import Company
from grantguard.forest.company import STEADIED
from grantguard.histories import NEAREST

NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)


def company(*pairs: tuple[int, int, float]) -> Company:
    """Of which row, which other, and how near."""
    row, other, strength = (np.array(part) for part in zip(*pairs, strict=True))
    return Company(row.astype(np.int64), other.astype(np.int64), strength.astype(np.float64))


def lend(near: Company, *told: float, rows: int = 2) -> list[float]:
    return [float(each) for each in near.lend(np.array(told)[:, None], rows)[:, 0]]


def test_who_stands_near_nobody_is_lent_nothing() -> None:
    assert lend(company((0, 0, 1.0)), 4.0)[1] == 0.0


def test_one_who_is_near_lends_nearly_what_is_told_of_it() -> None:
    assert lend(company((0, 0, 1.0)), 4.0)[0] == pytest.approx(4.0 / (1 + STEADIED))


def test_a_faint_tie_lends_little() -> None:
    faint, firm = lend(company((0, 0, 0.3), (1, 0, 1.5)), 4.0)
    assert faint < firm


def test_many_alike_lend_more_than_one() -> None:
    one, many = lend(company((0, 0, 0.5), (1, 0, 0.5), (1, 1, 0.5)), 4.0, 4.0)
    assert many > one


def test_an_honest_other_excuses_an_odd_one() -> None:
    alone, beside = lend(company((0, 0, 1.0), (1, 0, 1.0), (1, 1, 1.0)), 4.0, -3.0)
    assert beside < alone / 2


def test_honest_company_takes_nothing_away() -> None:
    assert lend(company((0, 0, 1.0)), -4.0)[0] == 0.0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.floats(0.3, 3.0)), min_size=1, max_size=12))
def test_nobody_is_lent_more_than_the_worst_of_its_company_has(pairs: list[tuple[int, int, float]]) -> None:
    told = [0.0, 1.0, 2.0, 3.0, 4.0]
    lent = lend(company(*pairs), *told, rows=4)
    for row in range(4):
        assert lent[row] <= max((told[other] for of, other, _ in pairs if of == row), default=0.0)


def test_company_is_read_as_of_the_moment_asked_about() -> None:
    rows = pl.DataFrame({"account_id": ["a"], "at": [NOON]})
    near = pl.DataFrame([("a", NOON, "b", 1.0)], schema=NEAREST, orient="row")
    later = pl.DataFrame({"account_id": ["b"], "at": [NOON.replace(hour=13)]})
    assert len(Company.of(rows, near, later).row) == 0


def test_rows_left_out_leave_their_company() -> None:
    kept = company((0, 0, 1.0), (1, 1, 0.5)).among(np.array([False, True]))
    assert (kept.row.tolist(), kept.other.tolist(), kept.strength.tolist()) == ([0], [1], [0.5])
