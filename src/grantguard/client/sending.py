"""What both clients do alike to put a request on the wire."""

from __future__ import annotations

import httpx

from grantguard.client.patience import Send
from grantguard.errors import UsageError


def check_url(url: str) -> str:
    """The service's address. Raises ``UsageError`` where it is none, which no patience would mend."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url}: not the address of a service; give it with http:// or https://")
    return url


def authorize(key: str) -> dict[str, str]:
    """The headers that every request bears."""
    return {"Authorization": f"Bearer {key}", "Accept": "application/json"}


def build(http: httpx.Client | httpx.AsyncClient, step: Send) -> httpx.Request:
    """The step's request, ready to be sent."""
    asked = step.request
    return http.build_request(
        asked.method, asked.path, content=asked.body or None, headers=asked.headers, timeout=step.timeout
    )
