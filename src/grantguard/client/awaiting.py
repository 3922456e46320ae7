"""The client that is awaited: the same conversations, held without blocking."""

from __future__ import annotations

import asyncio
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


class AsyncClient:
    """``Client`` without blocking; an attempt's time-out holds for the whole of it."""

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
        self._http = httpx.AsyncClient(base_url=check_url(url), headers=authorize(key))

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def risk(
        self,
        account_id: str,
        grant_id: str | None = None,
        at: datetime | None = None,
        idempotency_key: str | None = None,
        *,
        credits_at_stake: float | None = None,
    ) -> Decided | Fallback:
        """As ``Client.risk``."""
        return await self._hold(self._manner.risk(account_id, grant_id, at, idempotency_key, credits_at_stake))

    async def standing(self, account_id: str) -> dict[str, Any]:
        """As ``Client.standing``."""
        return await self._hold(self._manner.standing(account_id))

    async def report_outcome(
        self, decision_id: str, status: Outcome, detail: str | None = None, credits_affected: float | None = None
    ) -> dict[str, Any]:
        """As ``Client.report_outcome``."""
        return await self._hold(self._manner.outcome(decision_id, status, detail, credits_affected))

    async def send_usage(self, rows: Rows) -> Sent:
        """As ``Client.send_usage``."""
        return await self._hold(self._manner.send("usage", rows))

    async def send_accounts(self, rows: Rows) -> Sent:
        """As ``Client.send_accounts``."""
        return await self._hold(self._manner.send("accounts", rows))

    async def send_grants(self, rows: Rows) -> Sent:
        """As ``Client.send_grants``."""
        return await self._hold(self._manner.send("grants", rows))

    async def send_billing(self, rows: Rows) -> Sent:
        """As ``Client.send_billing``."""
        return await self._hold(self._manner.send("billing", rows))

    async def _hold(self, talk: Talk[_Answer]) -> _Answer:
        told: Told = None
        while True:
            try:
                step = talk.send(told)
            except StopIteration as done:
                answer: _Answer = done.value
                return answer
            if isinstance(step, Send):
                told = await self._send(step)
            else:
                await asyncio.sleep(step.seconds)
                told = None

    async def _send(self, step: Send) -> Told:
        try:
            async with asyncio.timeout(step.timeout):
                return await self._http.send(build(self._http, step))
        except (httpx.RequestError, TimeoutError) as error:
            return error
