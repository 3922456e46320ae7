"""What a ledger asks: for decisions, for what is known, and what it says became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import JSONResponse

from grantguard.checking import EARLIEST
from grantguard.errors import AccountUnknown, DecisionUnknown
from grantguard.service.deployment import Deployment
from grantguard.service.problems import Refused, documented
from grantguard.service.repeats import answer_once
from grantguard.service.shapes import Decisions, OutcomeTold, RiskAsked, RisksAsked, Standing
from grantguard.settlement import Question, answer
from grantguard.store.database import Connection
from grantguard.store.decisions import read_decision, read_seen
from grantguard.store.knowing import look_up
from grantguard.store.outcomes import Reported, find_outcome, record_outcome
from grantguard.vocabulary import Decision
from grantguard.wire import tell, told

AccountId = Annotated[str, Path(min_length=1, max_length=512, pattern=r"^[^\x00]*$")]


def add_asked(router: APIRouter, deployment: Deployment) -> None:
    """Add the routes of the scope ``risk``."""
    _add_risk(router, deployment)
    _add_batch(router, deployment)
    _add_standing(router, deployment)
    _add_decision(router, deployment)
    _add_outcome(router, deployment)


def _add_risk(router: APIRouter, deployment: Deployment) -> None:
    @router.post(
        "/v1/risk",
        response_model=Decision,
        responses=documented(404, 409),
        summary="A decision about an account's open promotional grants, or about one",
    )
    def risk(
        request: Request,
        asked: RiskAsked,
        idempotency_key: Annotated[str | None, Header(max_length=255, description="Bare or quoted.")] = None,
    ) -> JSONResponse:
        """Decide from everything acknowledged before; the decision is recorded before it is told."""
        now = deployment.clock()
        question = Question([asked.account_id], asked.grant_id, _read_at(asked.at, now))
        return answer_once(deployment, request.state.key.id, idempotency_key, asked, question, now)


def _add_batch(router: APIRouter, deployment: Deployment) -> None:
    @router.post(
        "/v1/risk/batch",
        response_model=Decisions,
        responses=documented(404),
        summary="Decisions about many accounts",
    )
    def risks(asked: RisksAsked) -> JSONResponse:
        """Decide about each account, once, in the order asked."""
        names = list(dict.fromkeys(asked.account_ids))
        decisions = answer(deployment.desk, Question(names), deployment.clock())
        deployment.metrics.count_decisions(decisions)
        return JSONResponse({"decisions": [told(decision) for decision in decisions]})


def _add_standing(router: APIRouter, deployment: Deployment) -> None:
    @router.get(
        "/v1/accounts/{account_id}/risk",
        response_model=Standing,
        responses=documented(404),
        summary="The newest risk of an account, its age, and how its grants stand; never computes",
    )
    def standing(account_id: AccountId) -> JSONResponse:
        """Tell what is known."""
        with deployment.desk.database.statement() as connection:
            return JSONResponse(_standing(connection, account_id, deployment.clock()))


def _standing(connection: Connection, account_id: str, now: datetime) -> dict[str, Any]:
    known = look_up(connection, account_id)
    if known is None:
        raise AccountUnknown(f"account {account_id}: not scored yet, or nothing was ever sent of it")
    grants = [
        {name: value for name, value in vars(each).items() if name not in ("account_id", "evidence")}
        for each in known.standing
    ]
    risk = {name: value for name, value in vars(known.rated).items() if name not in ("decision_id", "reasons")}
    age = max(0.0, (now - known.rated.at).total_seconds())
    return dict(tell(risk | {"age_seconds": age, "waiting": known.waiting, "standing": grants}))


def _add_decision(router: APIRouter, deployment: Deployment) -> None:
    @router.get(
        "/v1/decisions/{decision_id}",
        response_model=None,
        responses={200: {"description": "The Decision, with `seen` and `outcome`"}, **documented(404)},
        summary="A decision as it was taken, what was seen, and what became of it",
    )
    def decision(decision_id: AccountId) -> JSONResponse:
        """Tell a decision: ``seen`` has every signal and fact that it rests on."""
        with deployment.desk.database.statement() as connection:
            found = read_decision(connection, decision_id)
            if found is None:
                raise DecisionUnknown(f"decision {decision_id}: never taken here; check the id")
            seen = read_seen(connection, decision_id)
            outcome = find_outcome(connection, found.account_id, decision_id)
        return JSONResponse(told(found) | {"seen": seen, "outcome": None if outcome is None else tell(vars(outcome))})


def _add_outcome(router: APIRouter, deployment: Deployment) -> None:
    @router.post(
        "/v1/decisions/{decision_id}/outcome",
        responses=documented(404),
        summary="What became of a decision at the ledger",
    )
    def outcome(decision_id: AccountId, said: OutcomeTold) -> dict[str, bool]:
        """Keep the first outcome; a repeat changes nothing."""
        with deployment.desk.database.connection() as connection:
            told_of = (said.status, said.detail, said.credits_affected)
            new = record_outcome(connection, Reported(decision_id, *told_of, deployment.clock()))
        return {"recorded": new}


def _read_at(at: datetime | None, now: datetime) -> datetime | None:
    if at is None:
        return None
    if not EARLIEST <= at <= now:
        raise Refused([("/at", "lies before the year 2000, or in the future")])
    return at.astimezone(UTC)
