"""Appeals: what an account holder says against a hold or a revocation, and what may be answered."""

from __future__ import annotations

import re
from typing import Final

from fastapi import APIRouter, Request

from grantguard.service.asked import AccountId
from grantguard.service.deployment import Deployment
from grantguard.service.problems import documented
from grantguard.service.shapes import AppealMade, AppealTold
from grantguard.settlement import appeal, require_appeal, require_known, state
from grantguard.store.appeals import Appeal

ADDRESS: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+\.\w+|\b\d{1,3}(?:\.\d{1,3}){3}\b")
"""E-mail and IP addresses, which are not kept."""


def add_appealing(router: APIRouter, deployment: Deployment) -> None:
    """Add the routes of appeals to those of the scope ``risk``."""
    database = deployment.desk.database

    @router.post(
        "/v1/appeals",
        response_model=AppealMade,
        responses=documented(404, 409),
        summary="What an account holder says against a hold or a revocation",
    )
    def file(request: Request, told: AppealTold) -> AppealMade:
        """Put it into the reviewers' inbox; while an appeal of the account is open, another is that one."""
        require_known(database, [told.account_id])
        message = ADDRESS.sub("[address]", told.message)
        return _tell(appeal(database, told.account_id, message, request.state.key.name, deployment.clock()))

    @router.get(
        "/v1/appeals/{appeal_id}",
        response_model=AppealMade,
        responses=documented(404),
        summary="How an appeal stands, with the statement of reasons for the account holder",
    )
    def stands(appeal_id: AccountId) -> AppealMade:
        """Tell how it stands."""
        return _tell(require_appeal(database, appeal_id))

    def _tell(found: Appeal) -> AppealMade:
        with database.statement() as connection:
            statement = state(connection, found.decision_id, found.outcome).holder
        return AppealMade(
            appeal_id=found.appeal_id,
            account_id=found.account_id,
            decision_id=found.decision_id,
            status=found.outcome or "open",
            received_at=found.received_at,
            settled_at=found.settled_at,
            statement=statement,
        )
