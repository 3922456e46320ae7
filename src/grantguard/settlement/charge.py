"""The model in charge: the shelf's champion, read anew when somebody promotes another."""

from __future__ import annotations

from dataclasses import dataclass

from grantguard.errors import NotEnforceable
from grantguard.forest import Bundle, unpack
from grantguard.store.shelf import Promotion, Shelf
from grantguard.training import NAMES


@dataclass(frozen=True)
class InCharge:
    """A model, and whether its decisions bind the ledger."""

    bundle: Bundle
    enforce: bool


class Charge:
    """Who is in charge now: the champion of ``shelf``, and ``first`` until there is one.

    A ``pinned`` model stays whoever is promoted; it binds only while it is the champion that was promoted to.
    """

    def __init__(self, first: Bundle, shelf: Shelf, *, pinned: bool = False) -> None:
        self._first, self._shelf, self._pinned = first, shelf, pinned
        self._known: tuple[Promotion | None, InCharge] | None = None

    def now(self) -> InCharge:
        """The model in charge; raises ``BundleError`` where the champion cannot be read."""
        champion = self._shelf.champion
        if self._known is None or self._known[0] != champion:
            self._known = (champion, self._find(champion))
        return self._known[1]

    def challenger(self) -> Bundle | None:
        """The newest model on the shelf that is not in charge; None: there is no other."""
        others = [version for version in self._shelf.versions() if version != self.now().bundle.version]
        return unpack(self._shelf.read(others[-1]), NAMES) if others else None

    def _find(self, champion: Promotion | None) -> InCharge:
        if champion is None:
            return InCharge(self._first, enforce=False)
        is_other = champion.version != self._first.version
        if is_other and self._pinned:
            return InCharge(self._first, enforce=False)
        bundle = unpack(self._shelf.read(champion.version), NAMES) if is_other else self._first
        return InCharge(bundle, champion.enforce and may_enforce(bundle))


def may_enforce(bundle: Bundle) -> bool:
    """Whether the model was calibrated on the deployment's own accounts."""
    return bool(bundle.card["reference"] == "own")


def promote(shelf: Shelf, bundle: Bundle, promotion: Promotion) -> None:
    """Put a version that is on the shelf in charge. Raises ``NotEnforceable``."""
    if promotion.enforce and not may_enforce(bundle):
        raise NotEnforceable(
            f"model {bundle.version}: calibrated on simulated accounts, so it recommends and never enforces;"
            " train on your own accounts, or do not ask it to enforce"
        )
    shelf.promote(promotion)
