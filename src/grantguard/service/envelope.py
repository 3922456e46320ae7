"""What every exchange has, whatever its route: an id, an end to its body, headers that lock doors, a line of log."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grantguard.service.bodies import Inflating, check_length
from grantguard.service.limits import Limits
from grantguard.service.metrics import Metrics
from grantguard.service.problems import problem

STREAMED: Final = ("/v1/usage", "/v1/accounts", "/v1/grants", "/v1/billing")
"""Routes whose bodies are rows, taken as they come."""

LOCKED: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
OF_DOCS: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; connect-src 'self';"
    " style-src 'unsafe-inline' https://cdn.jsdelivr.net; img-src data: https://fastapi.tiangolo.com;"
    " frame-ancestors 'none'"
)
"""The browsable documentation is FastAPI's own page, and brings its scripts from there."""

ID: Final = re.compile(r"[0-9A-Za-z_.-]{1,64}")

log = structlog.get_logger()


@dataclass(frozen=True)
class Envelope:
    """The outermost layer of the application."""

    app: ASGIApp
    limits: Limits
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on, with what every exchange has."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, time.perf_counter())
        structlog.contextvars.bind_contextvars(request_id=exchange.id)
        try:
            await self._pass_on(scope, receive, exchange)
        finally:
            self._note(scope, exchange)
            structlog.contextvars.unbind_contextvars("request_id")

    async def _pass_on(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        try:
            await self.app(scope, self._bounded(scope, receive), exchange.send)
        except HTTPException as refused:
            answer = problem(refused.status_code, str(refused.detail), scope["path"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a problem and no more
            log.error("failed", error=type(error).__name__)  # noqa: TRY400 - a traceback may hold what was sent
            answer = problem(500, "The service failed; it is not the request", scope["path"])
        else:
            return
        if exchange.status is None:
            await answer(scope, receive, exchange.send)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        most = self.limits.most_stream if scope["path"] in STREAMED else self.limits.most_document
        check_length(headers, most)
        return Inflating(receive, most, packed=headers.get("content-encoding", "").lower() == "gzip")

    def _note(self, scope: Scope, exchange: _Exchange) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        status, seconds = exchange.status or 500, time.perf_counter() - exchange.began
        self.metrics.requests.labels(scope["method"], route, str(status)).inc()
        self.metrics.latency.labels(route).observe(seconds)
        log.info("answered", method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1e3, 1))


class _Exchange:
    """One request and what became of it; an answer that comes with a lock of its own keeps it."""

    def __init__(self, scope: Scope, send: Send, began: float) -> None:
        said = Headers(scope=scope).get("x-request-id", "")
        self.id = said if ID.fullmatch(said) else uuid.uuid4().hex
        self.began = began
        self.status: int | None = None
        self._send = send
        self._is_docs = scope["path"] == "/docs"

    async def send(self, message: Message) -> None:
        """Send on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.id
            for name, value in LOCKED.items():
                headers.setdefault(name, OF_DOCS if self._is_docs and name == "Content-Security-Policy" else value)
        await self._send(message)
