"""The application: with a store everything that the contract has, without one the one route that needs none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from grantguard.forest import Bundle
from grantguard.service.appeals import add_appealing
from grantguard.service.asked import add_asked
from grantguard.service.deployment import Deployment
from grantguard.service.envelope import Envelope
from grantguard.service.guarding import Guard
from grantguard.service.history import add_history
from grantguard.service.incoming import add_incoming
from grantguard.service.limits import Limits
from grantguard.service.metrics import Metrics
from grantguard.service.models import add_models
from grantguard.service.operating import add_operating, describe_health
from grantguard.service.problems import documented, install_problems
from grantguard.service.reviewing import add_reviewing
from grantguard.service.shapes import Problem

Beside = Callable[[], AbstractAsyncContextManager[None]]
"""What runs while the service does."""


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    """Nothing runs beside the service."""
    yield


def create_app(bundle: Bundle, deployment: Deployment | None = None, beside: Beside = nothing) -> FastAPI:
    """The service for one bundle, or, with a ``deployment``, for the store and the model in charge there.

    ``beside`` runs from before the first request until after the last: a worker, or nothing.
    """

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        async with beside():
            yield

    app = FastAPI(
        title="Grantguard",
        version=bundle.version,
        description="Allow, hold or revoke: what a credit ledger should do with an account's promotional grants.",
        lifespan=live,
        redoc_url=None,
    )
    install_problems(app)
    _tell_problems(app)
    limits, metrics = (Limits(), Metrics()) if deployment is None else (deployment.limits, deployment.metrics)
    app.add_middleware(Envelope, limits=limits, metrics=metrics)
    open_to_all = APIRouter()

    @open_to_all.get("/healthz", summary="Whether the service answers")
    def healthz() -> dict[str, Any]:
        """Say that the service answers, and with which model."""
        return describe_health(bundle.version if deployment is None else deployment.desk.charge.now().bundle.version)

    for router in _routers(bundle, deployment, open_to_all):
        app.include_router(router)
    return app


def _routers(bundle: Bundle, deployment: Deployment | None, open_to_all: APIRouter) -> list[APIRouter]:
    if deployment is None:
        unlocked = APIRouter(responses=documented(400, 413, 415, 422))
        add_history(unlocked, bundle)
        return [open_to_all, unlocked]
    guard = Guard.of(deployment)
    routers = {scope: guard.router(scope) for scope in ("ingest", "risk", "review", "admin")}
    add_incoming(routers["ingest"], deployment)
    add_asked(routers["risk"], deployment)
    add_appealing(routers["risk"], deployment)
    add_history(routers["risk"], bundle)
    add_reviewing(routers["review"], deployment)
    add_models(routers["admin"], deployment)
    return [open_to_all, add_operating(open_to_all, deployment, guard), *routers.values()]


def _tell_problems(app: FastAPI) -> None:
    """Name the shape of problems in the OpenAPI document: no route's model has it."""

    def tell() -> dict[str, Any]:
        if app.openapi_schema is None:
            told = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            told.setdefault("components", {}).setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
            app.openapi_schema = told
        return app.openapi_schema

    app.openapi = tell  # type: ignore[method-assign]  # the way that FastAPI says
