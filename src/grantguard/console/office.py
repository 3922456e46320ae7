"""Everything that the console is given: nothing in it is read from the environment, and no clock but this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grantguard.settlement import Desk
from grantguard.store.shelf import Shelf
from grantguard.vocabulary import Capabilities

EVERYTHING: Final = Capabilities(can_hold=True, can_release=True, can_revoke=True)


@dataclass(frozen=True)
class Office:
    """Where reviewers work."""

    desk: Desk
    shelf: Shelf
    clock: Callable[[], datetime]
    capabilities: Capabilities = EVERYTHING
    """What the ledger can undo."""
    lapse: timedelta = timedelta(minutes=20)
    """How long an account stays with the reviewer who took it."""
