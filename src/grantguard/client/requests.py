"""The service's routes as requests that are not yet sent: one definition for both clients."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

CHUNK: Final = 2_000
"""Rows of one request."""

WORTH_PACKING: Final = 1_000
"""Bytes from which a body is sent compressed."""

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Request:
    """A method, a path, a body and what its headers say of it. Sending any of them twice does nothing twice."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chunk:
    """Some of the rows of a send: its request, where its rows begin among all, and how many they are."""

    request: Request
    offset: int
    rows: int


def ask_risk(account_id: str, grant_id: str | None, at: datetime | None, idempotency_key: str | None) -> Request:
    """Ask for a decision. It always bears a key: a repeat must get the first answer, not a second decision."""
    said = {"account_id": account_id, "grant_id": grant_id, "at": at}
    key = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
    return _post("/v1/risk", {name: value for name, value in said.items() if value is not None}, key)


def ask_standing(account_id: str) -> Request:
    """Ask what is known, without computing."""
    return Request("GET", f"/v1/accounts/{quote(account_id, safe='')}/risk")


def tell_outcome(decision_id: str, status: str, detail: str | None, credits_affected: float | None) -> Request:
    """Tell what became of a decision; a repeat changes nothing."""
    said = {"status": status, "detail": detail, "credits_affected": credits_affected}
    known = {name: value for name, value in said.items() if value is not None}
    return _post(f"/v1/decisions/{quote(decision_id, safe='')}/outcome", known)


def send_rows(table: str, rows: Rows, size: int = CHUNK) -> Iterator[Chunk]:
    """The rows of one table, some a request. A repeat is the same rows, which the service counts as duplicates."""
    left, offset = iter(rows), 0
    while some := list(islice(left, size)):
        yield Chunk(_post(f"/v1/{table}", some), offset, len(some))
        offset += len(some)


def _post(path: str, content: object, headers: dict[str, str] | None = None) -> Request:
    body = json.dumps(content, default=_spell, allow_nan=False).encode()
    told = {"Content-Type": "application/json"} | (headers or {})
    if len(body) < WORTH_PACKING:
        return Request("POST", path, body, told)
    return Request("POST", path, gzip.compress(body, compresslevel=5), told | {"Content-Encoding": "gzip"})


def _spell(value: object) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"a {type(value).__name__} cannot be sent; times need their offset, all else is plain JSON")
    return value.astimezone(UTC).isoformat()
