"""Who may ask: a bearer key in force, with the route's scope, not too often. Asked before a body is read."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from grantguard.service.deployment import Deployment
from grantguard.service.limits import Buckets
from grantguard.service.problems import documented
from grantguard.store.database import Database
from grantguard.store.keys import Key, find_key

TRUSTED_FOR: Final = 5.0
"""Seconds for which a key that was found is not looked up again, and so the longest that a revoked one still opens."""

MOST_KNOWN: Final = 10_000

BEARER: Final = HTTPBearer(auto_error=False, description="A key of `grantguard keys create`.")


@dataclass
class Keyring:
    """Keys that were in force a moment ago."""

    database: Database
    known: dict[bytes, tuple[Key, float]] = field(default_factory=dict)

    def recall(self, token: str) -> Key | None:
        """The key, if it was found a moment ago. Remembered by its hash: what a look-up takes tells nothing of it."""
        key, until = self.known.get(_hash(token), (None, 0.0))
        return key if time.monotonic() < until else None

    def find(self, token: str, now: datetime) -> Key | None:
        """The key in force, from the store."""
        with self.database.statement() as connection:
            key = find_key(connection, token, now)
        if key is not None:
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            self.known[_hash(token)] = (key, time.monotonic() + TRUSTED_FOR)
        return key


@dataclass(frozen=True)
class Guard:
    """Lets a request in, or refuses it."""

    deployment: Deployment
    keyring: Keyring
    buckets: Buckets

    @classmethod
    def of(cls, deployment: Deployment) -> Guard:
        """The guard of a deployment, who knows nobody yet."""
        return cls(deployment, Keyring(deployment.desk.database), deployment.buckets())

    async def admit(self, request: Request, scope: str) -> Key:
        """The key that the request bears; 401, 403 or 429 where it may not come in."""
        token = _bearer(request)
        key = self.keyring.recall(token) or await run_in_threadpool(self.keyring.find, token, self.deployment.clock())
        if key is None:
            raise HTTPException(401, "This needs a key that is in force", {"WWW-Authenticate": "Bearer"})
        if scope not in key.scopes:
            raise HTTPException(403, f"This key has not the scope '{scope}'")
        wait = self.buckets.take(key.id, time.monotonic())
        if wait:
            raise HTTPException(429, "Too many requests with this key", {"Retry-After": str(math.ceil(wait))})
        return key

    def router(self, scope: str) -> APIRouter:
        """A router whose every route needs the scope; the key that was shown is ``request.state.key``."""
        guard = self

        class Guarded(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                answer = super().get_route_handler()

                async def admitted(request: Request) -> Response:
                    request.state.key = await guard.admit(request, scope)
                    return await answer(request)

                return admitted

        return APIRouter(
            route_class=Guarded,
            dependencies=[Depends(BEARER)],
            responses=documented(400, 401, 403, 413, 415, 422, 429, 503),
        )


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
