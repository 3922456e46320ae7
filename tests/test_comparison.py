"""Two models on the same accounts."""

from __future__ import annotations

import polars as pl

from grantguard.comparison import Comparison, compare


def scores(version: str, **held: float) -> pl.DataFrame:
    rows = [
        {
            "account_id": name,
            "model_version": version,
            "risk": risk,
            "decision": "hold" if risk > 0.5 else "allow",
            "promo_credits_left": 10.0,
        }
        for name, risk in held.items()
    ]
    return pl.DataFrame(rows)


def beside() -> Comparison:
    return compare(scores("old", ada=0.1, bo=0.9, cy=0.2), scores("new", ada=0.8, bo=0.4, cy=0.2))


def test_whom_the_challenger_alone_would_hold() -> None:
    assert beside().newly_held["account_id"].to_list() == ["ada"]


def test_whom_the_champion_alone_would_hold() -> None:
    assert beside().let_go["account_id"].to_list() == ["bo"]


def test_the_most_changed_stand_first() -> None:
    assert beside().accounts["account_id"].to_list() == ["ada", "bo", "cy"]


def test_a_model_agrees_with_itself() -> None:
    same = scores("old", ada=0.1, bo=0.9, cy=0.2)
    assert compare(same, same).agreement == 1


def test_the_truth_is_told_where_it_is_known() -> None:
    truth = pl.DataFrame({"account_id": ["ada", "bo", "cy"], "role": ["abuse", "genuine", "genuine"]})
    same = scores("old", ada=0.1, bo=0.9, cy=0.2)
    assert compare(same, same, truth).accounts.sort("account_id")["role"].to_list() == ["abuse", "genuine", "genuine"]
