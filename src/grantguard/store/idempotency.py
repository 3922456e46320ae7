"""The same request twice is one request: what was answered under a caller's key is answered again.

Begin in a transaction of its own, so that a second request sees the first at once; finish in the transaction of the
work, so that an answer is never remembered of work that was undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from grantguard.store.database import Connection

KEPT: Final = timedelta(hours=24)
"""How long an answer can be asked for again."""

PATIENCE: Final = timedelta(minutes=1)
"""How long a request counts as under way; after that its process is dead, and the key free."""


@dataclass(frozen=True)
class Fresh:
    """Nobody used the key: do the work, then finish."""


@dataclass(frozen=True)
class Replay:
    """The same request was answered: this is the answer."""

    response: Any


@dataclass(frozen=True)
class InFlight:
    """The same request is under way."""


@dataclass(frozen=True)
class Mismatch:
    """The key was used for another request."""


def begin_idempotent(
    connection: Connection, caller: str, key: str, fingerprint: str, now: datetime
) -> Fresh | Replay | InFlight | Mismatch:
    """Claim the key for the request that ``fingerprint`` tells, or learn what became of it."""
    claimed = connection.execute(
        """
        INSERT INTO idempotency AS i (caller, key, fingerprint, expires_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (caller, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, response = NULL, expires_at = excluded.expires_at
        WHERE i.expires_at <= %s
        """,
        [caller, key, fingerprint, now + PATIENCE, now],
    )
    return Fresh() if claimed.rowcount else _met(connection, caller, key, fingerprint)


def finish_idempotent(connection: Connection, caller: str, key: str, response: object, now: datetime) -> None:
    """Remember the answer."""
    connection.execute(
        "UPDATE idempotency SET response = %s, expires_at = %s WHERE caller = %s AND key = %s",
        [Jsonb(response), now + KEPT, caller, key],
    )


def give_up_idempotent(connection: Connection, caller: str, key: str) -> None:
    """The work failed: the key is free for another try."""
    connection.execute("DELETE FROM idempotency WHERE caller = %s AND key = %s AND response IS NULL", [caller, key])


def prune_idempotent(connection: Connection, now: datetime) -> int:
    """Forget answers whose time is over; how many there were."""
    return connection.execute("DELETE FROM idempotency WHERE expires_at <= %s", [now]).rowcount


def _met(connection: Connection, caller: str, key: str, fingerprint: str) -> Replay | InFlight | Mismatch:
    met = connection.execute(
        "SELECT fingerprint, response FROM idempotency WHERE caller = %s AND key = %s", [caller, key]
    ).fetchone()
    if met is None:  # given up since: whoever comes next finds it free
        return InFlight()
    if met[0] != fingerprint:
        return Mismatch()
    return InFlight() if met[1] is None else Replay(met[1])
