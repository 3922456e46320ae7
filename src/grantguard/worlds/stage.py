"""The stage that all accounts of a world share: time, chance, addresses, products."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

DAY = 86_400.0
HOUR = 3_600.0
COUNTRIES = ("US", "DE", "IN", "BR", "JP", "NG", "FR", "PL", "ID", "CA")
MODELS = ("atlas-large", "atlas-small", "atlas-mini", "reason-2", "reason-1", "coder-3", "vision-1")


@dataclass(frozen=True)
class Place:
    """Where a request comes from: keys of its address, prefix, network and country."""

    address: int
    prefix: int
    network: int
    country: int


@dataclass(frozen=True)
class Client:
    """What a request is sent with, and what it tells of itself, whoever uses it."""

    name: str
    tells_device: bool
    tells_session: bool
    tells_prompt: bool
    template: int | None
    """The key of the product's own template; None: each user has one."""


@dataclass
class Stage:
    """What a world's accounts are drawn from; every draw goes through ``rng``.

    Times are seconds since the epoch. ``stealth`` is how well the gaming hides.
    """

    rng: Generator
    opens: float
    days: int
    stealth: float
    last_key: int = 0
    carriers: list[list[Place]] = field(default_factory=list)
    products: list[Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out what strangers share: carriers' addresses and products' templates."""
        self.carriers = [self._carrier() for _ in range(8)]
        shapes = [(True, True, True), (True, True, False), (False, True, True), (True, False, True)]
        self.products = [
            Client(f"ide-{i}", *shapes[i % len(shapes)], template=self.key() if i % 2 else None) for i in range(6)
        ] + [
            Client("web", tells_device=True, tells_session=True, tells_prompt=True, template=None),
            Client("sdk-python", tells_device=False, tells_session=False, tells_prompt=True, template=None),
            Client("sdk-node", tells_device=False, tells_session=True, tells_prompt=False, template=None),
            Client("curl", tells_device=False, tells_session=False, tells_prompt=True, template=None),
        ]

    @property
    def closes(self) -> float:
        """When the world's last day ends."""
        return self.opens + self.days * DAY

    def key(self) -> int:
        """A key that nothing else has."""
        self.last_key += 1
        return self.last_key

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """A number from a range, evenly."""
        return float(self.rng.uniform(low, high))

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return int(self.rng.integers(low, high + 1))

    def easing(self, blatant: float, hidden: float) -> float:
        """A number between a technique's blatant and its hidden form, as stealth says, in ratio, with some play."""
        share = float(np.clip(self.stealth + self.rng.normal(0, 0.12), 0, 1))
        return float(np.exp((1 - share) * np.log(blatant) + share * np.log(hidden)))

    def hides(self) -> bool:
        """Whether this trait is hidden this time: with probability ``stealth``."""
        return self.chance(self.stealth)

    def client(self, *names: str) -> Client:
        """One of the clients of these names, or any."""
        among = [each for each in self.products if not names or each.name in names]
        return among[self.whole(0, len(among) - 1)]

    def home(self) -> Place:
        """An address of its own, in a prefix and a network that others share."""
        return Place(self.key(), self.key(), self.whole(100, 160), self.whole(0, len(COUNTRIES) - 1))

    def mobile(self) -> Place:
        """One of a carrier's few addresses."""
        carrier = self.carriers[self.whole(0, len(self.carriers) - 1)]
        return carrier[self.whole(0, len(carrier) - 1)]

    def hosting(self) -> Place:
        """An address of a hosting network."""
        return Place(self.key(), self.key(), self.whole(1, 12), self.whole(0, len(COUNTRIES) - 1))

    def site(self, addresses: int = 2) -> list[Place]:
        """An office, a campus or a venue: some addresses in one prefix."""
        prefix, network, country = self.key(), self.whole(100, 220), self.whole(0, len(COUNTRIES) - 1)
        return [Place(self.key(), prefix, network, country) for _ in range(addresses)]

    def _carrier(self) -> list[Place]:
        network, country = self.whole(300, 330), self.whole(0, len(COUNTRIES) - 1)
        prefixes = [self.key() for _ in range(3)]
        return [Place(self.key(), prefixes[i % 3], network, country) for i in range(12)]
