"""Everything that the service is given: nothing in it is read from the environment, and no clock but this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from grantguard.service.limits import Buckets, Limits
from grantguard.service.metrics import Metrics
from grantguard.settlement import Desk
from grantguard.sources.hashing import Hasher
from grantguard.sources.mapping import Mapping
from grantguard.store.shelf import Shelf


@dataclass(frozen=True)
class Deployment:
    """A service with a store."""

    desk: Desk
    shelf: Shelf
    hasher: Hasher
    clock: Callable[[], datetime]
    mapping: Mapping = field(default_factory=Mapping)
    limits: Limits = field(default_factory=Limits)
    metrics: Metrics = field(default_factory=Metrics)

    def buckets(self) -> Buckets:
        """Fresh buckets for every caller."""
        return Buckets(self.limits.rate, self.limits.burst)

    def tries(self) -> Buckets:
        """Fresh buckets of wrong keys for every address."""
        return Buckets(self.limits.wrong_rate, self.limits.wrong_burst)
