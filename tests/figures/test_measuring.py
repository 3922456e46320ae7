"""Champion and challenger are measured on the deployment's own accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE
from grantguard.figures.measuring import measure_models
from grantguard.forest import Bundle, RiskForest, pack
from grantguard.policy import Rules
from grantguard.settlement import Charge, Desk, settle
from grantguard.store.database import Database
from grantguard.store.ingesting import ingest
from grantguard.store.shelf import Shelf
from grantguard.store.verdicts import Verdict, record_verdicts
from grantguard.worlds import World


@pytest.fixture
def judged(database: Database, trained: tuple[Bundle, RiskForest], world: World, tmp_path: Path) -> Desk:
    """A world of which forty accounts that gamed and thirty others have verdicts, and a second model on the shelf."""
    bundle, forest = trained
    shelf = Shelf(tmp_path)
    other = replace(bundle, card=bundle.card | {"model_version": "another"})
    shelf.keep("another", pack(other, forest))
    roles = dict(world.truth.select("account_id", "role").iter_rows())
    names = [name for role, most in (("abuse", 40), ("genuine", 30)) for name in _of(roles, role)[:most]]
    now = world.tables.usage["occurred_at"].max()
    with database.connection() as connection:
        for table in (ACCOUNTS, GRANTS, USAGE, BILLING):
            frame = getattr(world.tables, table.name)
            mine = frame.filter(frame["account_id"].is_in(names))
            ingest(connection, table, mine, now)  # type: ignore[arg-type]
    desk = Desk(database, Charge(bundle, shelf), Rules())
    settle(desk, now)  # type: ignore[arg-type]
    with database.connection() as connection:
        said = [Verdict(name, now, "grace", roles[name], None, None, "") for name in names]  # type: ignore[arg-type]
        record_verdicts(connection, said)
    return desk


def _of(roles: dict[str, str], role: str) -> list[str]:
    return sorted(name for name, each in roles.items() if each == role)


def test_both_models_are_told_of_drift_frontier_and_difference(judged: Desk, world: World) -> None:
    now = world.tables.usage["occurred_at"].max() + timedelta(hours=1)  # type: ignore[operator]
    told = measure_models(judged, now)  # type: ignore[arg-type]
    versions = {judged.charge.now().bundle.version, "another"}
    assert set(told["drift"]) == set(told["frontier"]["by_version"]) == versions
    assert all(len(rows) == 7 for rows in told["frontier"]["by_version"].values())
    assert (told["beside"]["newly_held"], told["beside"]["let_go"]) == (0, 0)
    assert told["beside"]["agreement"] == pytest.approx(1.0)
