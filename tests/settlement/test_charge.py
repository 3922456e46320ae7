"""Who is in charge: the champion, as soon as somebody promotes it; and who may bind the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grantguard.errors import NotEnforceable
from grantguard.forest import Bundle, RiskForest, pack
from grantguard.settlement import Charge, promote
from grantguard.store.shelf import Promotion, Shelf

AT = "2025-05-10T12:00:00+00:00"


@pytest.fixture
def shelf(tmp_path: Path, trained: tuple[Bundle, RiskForest]) -> Shelf:
    shelf = Shelf(tmp_path)
    shelf.keep(trained[0].version, pack(*trained))
    return shelf


def test_until_somebody_promotes_the_first_is_in_charge_and_recommends(shelf: Shelf, bundle: Bundle) -> None:
    charge = Charge(bundle, shelf).now()
    assert (charge.bundle.version, charge.enforce) == (bundle.version, False)


def test_a_promotion_takes_effect_at_once(shelf: Shelf, bundle: Bundle) -> None:
    charge = Charge(bundle, shelf)
    assert not charge.now().enforce
    promote(shelf, bundle, Promotion(bundle.version, AT, "ada", "ours", enforce=True))
    assert charge.now().enforce


def test_the_newest_other_model_is_the_challenger(shelf: Shelf, trained: tuple[Bundle, RiskForest]) -> None:
    bundle, forest = trained
    assert Charge(bundle, shelf).challenger() is None
    shelf.keep("zzz", pack(replace(bundle, card=bundle.card | {"model_version": "zzz"}), forest))
    challenger = Charge(bundle, shelf).challenger()
    assert challenger is not None
    assert challenger.version == "zzz"


def test_a_model_of_simulated_accounts_may_not_bind(shelf: Shelf, bundle: Bundle) -> None:
    simulated = replace(bundle, card=bundle.card | {"reference": "simulated"})
    with pytest.raises(NotEnforceable):
        promote(shelf, simulated, Promotion(bundle.version, AT, "ada", "ours", enforce=True))
    assert shelf.promotions() == ()
