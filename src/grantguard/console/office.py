"""Everything that the console is given: nothing in it is read from the environment, and no clock but this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from grantguard.settlement import Desk
from grantguard.store.shelf import Shelf
from grantguard.vocabulary import Capabilities


@dataclass(frozen=True)
class Office:
    """Where reviewers work."""

    desk: Desk
    shelf: Shelf
    clock: Callable[[], datetime]
    lapse: timedelta = timedelta(minutes=20)
    """How long an account stays with the reviewer who took it."""
    ledger: Capabilities | None = None
    """What the ledger can do; None: no ledger is told."""
