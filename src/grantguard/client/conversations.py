"""The service's routes as whole conversations: what to ask, how long to wait, how to read what comes back."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from grantguard.client.answers import BY_SIZE, DECIDED, TAKEN, Decided, Fallback, FallbackRule, Sent
from grantguard.client.patience import FOR_ALL, FOR_RISK, Patience, Send, Told, Wait, converse
from grantguard.client.replies import read_body
from grantguard.client.requests import Request, Rows, ask_risk, ask_standing, send_rows, tell_outcome
from grantguard.errors import RequestRefused, Unavailable

Outcome = Literal["applied", "refused"]

_Answer = TypeVar("_Answer")
Talk = Generator[Send | Wait, Told, _Answer]

NOTHING_SENT: Final = Sent()


@dataclass(frozen=True)
class Manner:
    """How a client behaves: what answers for a service that does not, and how long it waits."""

    fallback: FallbackRule | None = BY_SIZE
    patience: Patience = FOR_ALL
    risk_patience: Patience = FOR_RISK

    def risk(
        self,
        account_id: str,
        grant_id: str | None,
        at: datetime | None,
        idempotency_key: str | None,
        credits_at_stake: float | None,
    ) -> Talk[Decided | Fallback]:
        """Ask for a decision; where none comes in time, the fallback's."""
        request = ask_risk(account_id, grant_id, at, idempotency_key)
        try:
            response = yield from converse(request, self.risk_patience, time.monotonic)
            return Decided.of(read_body(response, DECIDED))
        except Unavailable as error:
            if self.fallback is None:
                raise
            return self.fallback.answer(account_id, credits_at_stake, str(error))

    def standing(self, account_id: str) -> Talk[dict[str, Any]]:
        """Ask what is known, without computing."""
        return self._ask(ask_standing(account_id))

    def outcome(
        self, decision_id: str, status: Outcome, detail: str | None, credits_affected: float | None
    ) -> Talk[dict[str, Any]]:
        """Tell what became of a decision."""
        return self._ask(tell_outcome(decision_id, status, detail, credits_affected))

    def send(self, table: str, rows: Rows) -> Talk[Sent]:
        """Send rows, some at a time; an error says how many were acknowledged before it."""
        sent = NOTHING_SENT
        for chunk in send_rows(table, rows):
            try:
                body = yield from self._ask(chunk.request, TAKEN)
            except (Unavailable, RequestRefused) as error:
                error.acknowledged = chunk.offset
                raise
            sent = sent.add(body, chunk.offset)
        return sent

    def _ask(self, request: Request, needed: Iterable[str] = ()) -> Talk[dict[str, Any]]:
        response = yield from converse(request, self.patience, time.monotonic)
        return read_body(response, needed)
