"""What a browser is told it may do with a page: nothing but what the page brings itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Scripts and styles come from here or not at all; why this goes with Plotly stands in docs/decisions."""

NUL: Final = "\x00"
"""No store keeps it, so nothing has it in its name."""


@dataclass(frozen=True)
class Locked:
    """The outermost layer of the console."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on; its answer forbids what pages do not need."""
        if scope["type"] == "http" and (NUL in scope["path"] or b"%00" in scope.get("query_string", b"")):
            await PlainTextResponse("There is no such page", 404)(scope, receive, send)
            return

        async def locked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, locked)
