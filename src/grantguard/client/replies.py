"""Responses as what they say, or as the error that they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx

from grantguard.errors import RequestRefused, Unavailable


def read_body(response: httpx.Response, needed: Iterable[str] = ()) -> dict[str, Any]:
    """The JSON object of a response.

    Raises ``RequestRefused`` for a no, and ``Unavailable`` for a failure, or for what is not the service's answer.
    """
    where = f"{response.request.method} {response.request.url.path}"
    body = _read_object(response)
    if response.is_server_error:
        raise Unavailable(f"{where}: the service answered {response.status_code}; ask again later")
    if not response.is_success:
        raise RequestRefused(f"{where}: {_describe(response, body)}", response.status_code, body or {})
    if body is None or not body.keys() >= set(needed):
        raise Unavailable(f"{where}: the answer is not the service's; check the address")
    return body


def _read_object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _describe(response: httpx.Response, problem: dict[str, Any] | None) -> str:
    title = str((problem or {}).get("title") or response.reason_phrase)
    errors = (problem or {}).get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else None
    return f"{response.status_code} {title}" + (f" ({first.get('pointer')}: {first.get('detail')})" if first else "")
