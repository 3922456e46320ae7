"""What people do: see whom to review next, and say what they found."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from grantguard.review import MOST_RANKED, build_queue, seed_of
from grantguard.service.deployment import Deployment
from grantguard.service.problems import Refused, documented
from grantguard.service.shapes import QueueAsked, Verdicts, VerdictTold
from grantguard.settlement import Judgement, judge
from grantguard.store.reading import read_labels
from grantguard.store.risks import read_risks
from grantguard.wire import tell, told


def add_reviewing(router: APIRouter, deployment: Deployment) -> None:
    """Add the routes of the scope ``review``."""

    @router.get("/v1/queue", summary="Whom to review next, in order")
    def queue(asked: Annotated[QueueAsked, Query()]) -> dict[str, list[dict[str, Any]]]:
        """List accounts by risk and money at risk, one of a ring at a time, some drawn at random.

        The draw stays the same for a day.
        """
        seed = seed_of(deployment.clock())
        database = deployment.desk.database
        listed = build_queue(read_risks(database, MOST_RANKED), read_labels(database), top=asked.top, seed=seed)
        return {"queue": tell(listed.to_dicts())}

    @router.post(
        "/v1/verdicts",
        response_model=Verdicts,
        responses=documented(404),
        summary="What a person says about accounts, or about a ring",
    )
    def verdict(request: Request, said: VerdictTold) -> JSONResponse:
        """Keep the verdict and put it in force at once; above a sum it takes two persons to revoke."""
        if (said.account_ids is None) == (said.ring_id is None):
            raise Refused([("/account_ids", "name accounts, or a ring: one of the two")])
        about = Judgement(tuple(said.account_ids or ()), said.ring_id, said.verdict, said.technique, said.note)
        decisions = judge(deployment.desk, about, request.state.key.name, deployment.clock())
        deployment.metrics.count_decisions(decisions)
        waiting = [each.account_id for each in decisions if said.verdict == "abuse" and each.action != "revoke"]
        return JSONResponse({"decisions": [told(each) for each in decisions], "second_person_needed": waiting})
