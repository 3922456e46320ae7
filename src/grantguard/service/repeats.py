"""``Idempotency-Key``: the same request twice gets the first answer; another request under the same key gets none."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from grantguard.service.deployment import Deployment
from grantguard.service.problems import Refused
from grantguard.service.shapes import RiskAsked
from grantguard.settlement import Question, answer
from grantguard.store.database import Connection
from grantguard.store.idempotency import (
    Fresh,
    InFlight,
    Mismatch,
    Replay,
    begin_idempotent,
    finish_idempotent,
    give_up_idempotent,
)
from grantguard.vocabulary import Decision
from grantguard.wire import told


def answer_once(
    deployment: Deployment, caller: str, said: str | None, asked: RiskAsked, question: Question, now: datetime
) -> JSONResponse:
    """The decision, or the one that was given under the same key before."""
    if said is None:
        return JSONResponse(_answer(deployment, question, now, None))
    key = _read_key(said)
    fingerprint = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()
    with deployment.desk.database.connection() as connection:
        claim = begin_idempotent(connection, caller, key, fingerprint, now)
    match claim:
        case Replay(response):
            return JSONResponse(response, headers={"Idempotency-Replayed": "true"})
        case InFlight():
            raise HTTPException(409, "The first request with this Idempotency-Key is under way", {"Retry-After": "1"})
        case Mismatch():
            raise HTTPException(422, "This Idempotency-Key was used for another request")
        case Fresh():
            return JSONResponse(_answer_fresh(deployment, caller, key, question, now))


def _answer_fresh(deployment: Deployment, caller: str, key: str, question: Question, now: datetime) -> dict[str, Any]:
    try:
        return _answer(deployment, question, now, (caller, key))
    except Exception:
        with deployment.desk.database.connection() as connection:
            give_up_idempotent(connection, caller, key)
        raise


def _answer(deployment: Deployment, question: Question, now: datetime, claim: tuple[str, str] | None) -> dict[str, Any]:
    """Decide; under a claim the answer is remembered in the transaction of the decision."""

    def remember(connection: Connection, decisions: list[Decision]) -> None:
        if claim is not None:
            finish_idempotent(connection, *claim, told(decisions[0]), now)

    decisions = answer(deployment.desk, question, now, remember)
    deployment.metrics.count_decisions(decisions)
    return told(decisions[0])


def _read_key(said: str) -> str:
    """The key, bare or quoted."""
    key = said[1:-1] if len(said) > 1 and said[0] == said[-1] == '"' else said
    if not key or not key.isprintable():
        raise Refused([("/Idempotency-Key", "is empty, or holds what cannot be printed")])
    return key
