"""The client that blocks while it waits."""

from __future__ import annotations

import time
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from grantguard.client.answers import BY_SIZE, Decided, Fallback, FallbackRule, Sent
from grantguard.client.conversations import Manner, Outcome, Talk
from grantguard.client.patience import FOR_ALL, FOR_RISK, Patience, Send, Told
from grantguard.client.requests import Rows
from grantguard.client.sending import authorize, build, check_url

_Answer = TypeVar("_Answer")


class Client:
    """The service at ``url``, asked with an API ``key``; threads may share it.

    ``fallback`` answers for the service when a risk does not come within ``risk_patience``; None lets
    ``Unavailable`` be raised instead. All else waits as ``patience`` says and raises ``Unavailable``. What the service
    refuses, such as a key without the scope, raises ``RequestRefused``. An attempt's time-out holds for each of
    connecting, sending and waiting, so a service that dawdles in all of them is waited for longer.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        fallback: FallbackRule | None = BY_SIZE,
        patience: Patience = FOR_ALL,
        risk_patience: Patience = FOR_RISK,
    ) -> None:
        self._manner = Manner(fallback, patience, risk_patience)
        self._http = httpx.Client(base_url=check_url(url), headers=authorize(key))

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def risk(
        self,
        account_id: str,
        grant_id: str | None = None,
        at: datetime | None = None,
        idempotency_key: str | None = None,
        *,
        credits_at_stake: float | None = None,
    ) -> Decided | Fallback:
        """A decision about the account's open grants, or about one; on a bad day what stands in for it.

        With an ``idempotency_key`` that names the spending, asking again even after a crash gets the same decision.
        """
        return self._hold(self._manner.risk(account_id, grant_id, at, idempotency_key, credits_at_stake))

    def standing(self, account_id: str) -> dict[str, Any]:
        """The newest risk with its age, and the standing decision; never computes."""
        return self._hold(self._manner.standing(account_id))

    def report_outcome(
        self, decision_id: str, status: Outcome, detail: str | None = None, credits_affected: float | None = None
    ) -> dict[str, Any]:
        """Tell what became of a decision; a repeat changes nothing."""
        return self._hold(self._manner.outcome(decision_id, status, detail, credits_affected))

    def send_usage(self, rows: Rows) -> Sent:
        """Send rows of usage, durable on return; ``acknowledged`` of an error says how many were before it."""
        return self._hold(self._manner.send("usage", rows))

    def send_accounts(self, rows: Rows) -> Sent:
        """Send rows of accounts, as ``send_usage`` does."""
        return self._hold(self._manner.send("accounts", rows))

    def send_grants(self, rows: Rows) -> Sent:
        """Send rows of grants, as ``send_usage`` does."""
        return self._hold(self._manner.send("grants", rows))

    def send_billing(self, rows: Rows) -> Sent:
        """Send rows of billing, as ``send_usage`` does."""
        return self._hold(self._manner.send("billing", rows))

    def _hold(self, talk: Talk[_Answer]) -> _Answer:
        told: Told = None
        while True:
            try:
                step = talk.send(told)
            except StopIteration as done:
                answer: _Answer = done.value
                return answer
            if isinstance(step, Send):
                told = self._send(step)
            else:
                time.sleep(step.seconds)
                told = None

    def _send(self, step: Send) -> Told:
        try:
            return self._http.send(build(self._http, step))
        except httpx.RequestError as error:
            return error
