"""The models on the shelf, and who put which in charge."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from grantguard.forest import unpack
from grantguard.service.deployment import Deployment
from grantguard.service.problems import documented
from grantguard.service.shapes import Models, PromotionAsked
from grantguard.settlement import promote
from grantguard.store.audit import Entry, record
from grantguard.store.shelf import Promotion
from grantguard.training import NAMES


def add_models(router: APIRouter, deployment: Deployment) -> None:
    """Add the routes of the scope ``admin``."""

    @router.get("/v1/models", response_model=Models, summary="The versions on the shelf, and which is in charge")
    def models() -> dict[str, Any]:
        """List the versions, each with its promotions."""
        charge = deployment.desk.charge.now()
        promotions = deployment.shelf.promotions()
        versions = [
            {"version": version, "promotions": [vars(each) for each in promotions if each.version == version]}
            for version in deployment.shelf.versions()
        ]
        return {"in_charge": charge.bundle.version, "enforce": charge.enforce, "versions": versions}

    @router.post(
        "/v1/models/{version}/promote",
        response_model=Models,
        responses=documented(404, 409),
        summary="Put a version that is on the shelf in charge",
    )
    def put_in_charge(
        request: Request, version: Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,100}$")], asked: PromotionAsked
    ) -> dict[str, Any]:
        """Promote; to enforce is refused to a model that was not calibrated on the deployment's own accounts."""
        now, by = deployment.clock(), request.state.key.name
        bundle = unpack(deployment.shelf.read(version), NAMES)
        about = {"why": asked.why, "enforce": asked.enforce}
        with deployment.desk.database.connection() as connection:
            record(connection, Entry(now, by, "model.promoted", version, about))
            promote(deployment.shelf, bundle, Promotion(version, now.isoformat(), by, asked.why.strip(), asked.enforce))
        return models()
