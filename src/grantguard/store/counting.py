"""How much there is of what: for whoever watches the deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grantguard.store.database import Connection
from grantguard.store.marks import Waiting, count_marked
from grantguard.store.outbox import Undelivered, count_undelivered
from grantguard.store.stops import find_stop

BOUNDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
"""Of p-values."""


@dataclass(frozen=True)
class Counts:
    """What waits, what stands, and how p-values lie: the share of them up to each bound."""

    marked: Waiting
    undelivered: Undelivered
    stopped: bool
    standing: dict[str, int]
    p_shares: dict[float, float]


def count_all(connection: Connection) -> Counts:
    """Count."""
    standing = {"allow": 0, "hold": 0, "revoke": 0}
    standing |= dict(connection.execute("SELECT action, count(*) FROM standing GROUP BY action").fetchall())
    shares = connection.execute(
        """
        SELECT bound, count(*) FILTER (WHERE p_value <= bound)::float8 / greatest(count(p_value), 1)
        FROM risks CROSS JOIN unnest(%s::float8[]) AS asked (bound) GROUP BY bound
        """,
        [list(BOUNDS)],
    ).fetchall()
    stopped = find_stop(connection) is not None
    return Counts(count_marked(connection), count_undelivered(connection), stopped, standing, dict(shares))
