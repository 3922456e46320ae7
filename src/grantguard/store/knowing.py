"""What is known of one account, in one round trip: a ledger that looks it up before it spends must not wait."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from grantguard.store.database import Connection
from grantguard.store.risks import NAMES, Rated
from grantguard.store.standing import Standing

RATED: Final = tuple(name for name in NAMES if name != "reasons")
"""All of a risk but its reasons, which are wide."""

STANDING: Final = tuple(field.name for field in fields(Standing))
LOOK_UP: Final = f"""
    SELECT {", ".join(f"risks.{name}" for name in RATED)},
        EXISTS (SELECT FROM marks WHERE marks.account_id = risks.account_id),
        {", ".join(f"standing.{name}" for name in STANDING)}
    FROM risks LEFT JOIN standing ON standing.account_id = risks.account_id
    WHERE risks.account_id = %s ORDER BY standing.grant_id
"""  # noqa: S608 - our own names


@dataclass(frozen=True)
class Known:
    """The newest risk without its reasons, whether news waits that it has not read, and how the grants stand."""

    rated: Rated
    waiting: bool
    standing: tuple[Standing, ...]


def look_up(connection: Connection, account_id: str) -> Known | None:
    """What is known of an account; None of one that was never scored."""
    rows = connection.execute(LOOK_UP.encode(), [account_id]).fetchall()
    if not rows:
        return None
    ends = len(RATED)
    stands = (row[ends + 1 :] for row in rows)
    standing = tuple(Standing(*row) for row in stands if row[0] is not None)
    return Known(Rated(*rows[0][:ends]), rows[0][ends], standing)
