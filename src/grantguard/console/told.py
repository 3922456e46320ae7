"""What became of an account that a reviewer just decided about, for the page that opens next."""

from __future__ import annotations

from dataclasses import dataclass

from grantguard.console.office import Office
from grantguard.store.database import Connection
from grantguard.store.decisions import newest_decision
from grantguard.store.verdicts import Verdict, verdicts_of
from grantguard.vocabulary import Decision


@dataclass(frozen=True)
class Done:
    """The newest verdict about an account and what follows from it; None: there is no verdict."""

    account_id: str
    verdict: Verdict | None
    decision: Decision | None

    @property
    def waits(self) -> bool:
        """Whether a second person must say so too before anything is revoked."""
        said = self.verdict is not None and self.verdict.verdict == "abuse"
        return said and self.decision is not None and self.decision.action != "revoke"


def tell_done(office: Office, account_id: str | None) -> Done | None:
    """What became of it; None where nothing was just done."""
    if not account_id:
        return None
    with office.desk.database.statement() as connection:
        return _read(connection, account_id)


def _read(connection: Connection, account_id: str) -> Done:
    verdict = next(iter(verdicts_of(connection, account_id)), None)
    return Done(account_id, verdict, newest_decision(connection, account_id))
