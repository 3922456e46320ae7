"""Who may ask: a bearer key in force, with the route's scope, not too often. Asked before a body is read.

An address that shows one wrong key after the other is not looked up any more for a while; a key that was right before
is, whoever else stands behind the same address.
"""

from __future__ import annotations

import hashlib
import ipaddress
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
    """Keys that were in force, remembered by their hash: what a look-up takes tells nothing of them."""

    database: Database
    tick: Callable[[], float] = time.monotonic
    known: dict[bytes, tuple[Key, float]] = field(default_factory=dict)

    def recall(self, token: str) -> Key | None:
        """The key, if it was found a moment ago."""
        key, until = self.known.get(_hash(token), (None, 0.0))
        return key if self.tick() < until else None

    def knew(self, token: str) -> bool:
        """Whether the key was ever right, as far as is remembered."""
        return _hash(token) in self.known

    def find(self, token: str, now: datetime) -> Key | None:
        """The key in force, from the store."""
        with self.database.statement() as connection:
            key = find_key(connection, token, now)
        self.known.pop(_hash(token), None)
        if key is not None:
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            self.known[_hash(token)] = (key, self.tick() + TRUSTED_FOR)
        return key


@dataclass(frozen=True)
class Guard:
    """Lets a request in, or refuses it."""

    deployment: Deployment
    keyring: Keyring
    buckets: Buckets
    tries: Buckets

    @classmethod
    def of(cls, deployment: Deployment) -> Guard:
        """The guard of a deployment, who knows nobody yet."""
        return cls(deployment, Keyring(deployment.desk.database), deployment.buckets(), deployment.tries())

    async def admit(self, request: Request, scope: str) -> Key:
        """The key that the request bears; 401, 403 or 429 where it may not come in."""
        token = _bearer(request)
        key = self.keyring.recall(token) or await self._look_up(token, _address(request))
        if scope not in key.scopes:
            raise HTTPException(403, f"This key has not the scope '{scope}'")
        wait = self.buckets.take(key.id, time.monotonic())
        if wait:
            raise _too_many("Too many requests with this key", wait)
        return key

    async def _look_up(self, token: str, address: str) -> Key:
        wait = self.tries.wait(address, time.monotonic())
        if token and wait and not self.keyring.knew(token):
            raise _too_many("Too many wrong keys from this address", wait)
        key = await run_in_threadpool(self.keyring.find, token, self.deployment.clock()) if token else None
        if key is None:
            if token:
                self.tries.take(address, time.monotonic())
            raise HTTPException(401, "This needs a key that is in force", {"WWW-Authenticate": "Bearer"})
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


def _address(request: Request) -> str:
    """Whom wrong keys are counted against; a whole /64 of IPv6, since that is what one caller has."""
    host = "" if request.client is None else request.client.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((int(address), 64), strict=False))


def _too_many(title: str, wait: float) -> HTTPException:
    return HTTPException(429, title, {"Retry-After": str(math.ceil(wait))})


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
