"""What whoever runs the service asks: does it answer, is it ready, what is there to watch."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from grantguard.errors import GrantguardError
from grantguard.service.deployment import Deployment
from grantguard.service.guarding import Guard
from grantguard.service.problems import RETRY_AFTER
from grantguard.store.counting import count_all
from grantguard.store.migrating import pending


def add_operating(open_to_all: APIRouter, deployment: Deployment, guard: Guard) -> APIRouter:
    """Add ``/readyz`` to what is open to all; gives the router of ``/metrics``, which an admin key opens."""

    @open_to_all.get(
        "/readyz",
        summary="Whether the service can do its work",
        responses={503: {"description": "Not ready: what is not says why", "content": {"application/json": {}}}},
        response_model=None,
    )
    def readyz() -> JSONResponse:
        """Say of database, migrations and model whether each is as it must be."""
        parts = {"database": _find_database_fault(deployment), "model": _find_model_fault(deployment)}
        ready = not any(parts.values())
        body = {"ready": ready, **{name: fault or "ok" for name, fault in parts.items()}}
        headers = {} if ready else {"Retry-After": str(RETRY_AFTER)}
        return JSONResponse(body, status_code=200 if ready else 503, headers=headers)

    watched = guard.router("admin")

    @watched.get("/metrics", summary="For Prometheus", response_class=Response, response_model=None)
    def metrics() -> Response:
        """Tell every metric."""
        with deployment.desk.database.statement() as connection:
            counts = count_all(connection)
        return Response(deployment.metrics.tell(counts, deployment.clock()), media_type=CONTENT_TYPE_LATEST)

    return watched


def describe_health(version: str) -> dict[str, Any]:
    """What ``/healthz`` says."""
    return {"status": "ok", "model_version": version}


def _find_database_fault(deployment: Deployment) -> str | None:
    try:
        waiting = pending(deployment.desk.database)
    except GrantguardError as error:
        return f"{type(error).__name__}"
    return f"waits for {len(waiting)} migration(s): run 'grantguard db upgrade'" if waiting else None


def _find_model_fault(deployment: Deployment) -> str | None:
    try:
        deployment.desk.charge.now()
    except GrantguardError as error:
        return f"{type(error).__name__}"
    return None
