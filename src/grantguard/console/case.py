"""Everything that is known of an account, as its page shows it: read with the same number of queries for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from grantguard.console.office import Office
from grantguard.errors import AccountUnknown
from grantguard.histories import REACH, ask, charge_alone, link_around
from grantguard.store.around import read_around
from grantguard.store.claims import claimed_by
from grantguard.store.database import Connection
from grantguard.store.outcomes import Reported
from grantguard.store.reading import read_small, read_spending
from grantguard.store.risks import Rated, find_risk
from grantguard.store.sampling import sample_sizes
from grantguard.store.standing import Standing, find_standing
from grantguard.store.verdicts import Verdict, verdicts_of
from grantguard.store.viewing import decisions_of
from grantguard.vocabulary import Decision

MOST_EVENTS: Final = 200_000
"""Events of an account that its page reads at most: its newest."""

SAMPLED: Final = 20_000
"""Requests of everybody that sizes are compared with."""

MOST_DECISIONS: Final = 20


@dataclass(frozen=True)
class Case:
    """An account's rows, its newest risk, how its grants stand, what was decided and said, and whom it is linked to.

    ``usage`` is charged to the grants (``histories.charging``); ``links`` has a row a linked account and kind;
    ``claimant`` has the account now.
    """

    account_id: str
    account: dict[str, Any] | None
    usage: pl.DataFrame
    grants: pl.DataFrame
    billing: pl.DataFrame
    rated: Rated | None
    standing: tuple[Standing, ...]
    decisions: tuple[tuple[Decision, Reported | None], ...]
    verdicts: tuple[Verdict, ...]
    links: pl.DataFrame
    claimant: str | None
    population: pl.DataFrame

    @property
    def since(self) -> datetime | None:
        """From when time is counted: the first grant, else whatever is known first."""
        known = (self.grants["granted_at"].min(), self.usage["occurred_at"].min())
        moment = next((each for each in known if isinstance(each, datetime)), None)
        return moment or (None if self.account is None else self.account["created_at"])


def read_case(office: Office, account_id: str, now: datetime) -> Case:
    """Read all of it; raises ``AccountUnknown``."""
    database = office.desk.database
    small = read_small(database, [account_id])
    spent = read_spending(database, account_id, MOST_EVENTS)
    _require_known(account_id, small, spent)
    around = read_around(database, [account_id], now, REACH)
    with database.statement() as connection:
        told = _read_told(connection, account_id, now)
    return Case(
        account_id=account_id,
        account=next(small["accounts"].iter_rows(named=True), None),
        usage=charge_alone(spent.with_columns(account_id=pl.lit(account_id)), small["grants"]),
        grants=small["grants"],
        billing=small["billing"].sort("occurred_at"),
        links=link_around(around, ask([account_id], now), small["campaigns"]).sort(
            "said", "other", descending=[True, False]
        ),
        population=sample_sizes(database, SAMPLED),
        **told,
    )


def _read_told(connection: Connection, account_id: str, now: datetime) -> dict[str, Any]:
    return {
        "rated": find_risk(connection, account_id),
        "standing": find_standing(connection, account_id),
        "decisions": decisions_of(connection, account_id, MOST_DECISIONS),
        "verdicts": verdicts_of(connection, account_id),
        "claimant": claimed_by(connection, [account_id], now).get(account_id),
    }


def _require_known(account_id: str, small: dict[str, pl.DataFrame], spent: pl.DataFrame) -> None:
    rows = spent.height + sum(small[name].height for name in ("accounts", "grants", "billing"))
    if not rows:
        raise AccountUnknown(f"account {account_id}: nothing was ever sent of it; check the id")
