"""Both clients against a real service on loopback that misbehaves as told."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import socket
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
import uvicorn

from grantguard.client import AsyncClient, Client, FallbackRule, Patience, RequestRefused, Sent, Unavailable
from grantguard.client.answers import BY_SIZE
from grantguard.client.requests import CHUNK
from grantguard.errors import UsageError

DECISION = {"decision_id": "d1", "account_id": "a1", "action": "hold", "enforced": True, "grants": ["g1"]}
QUICK = Patience(whole=20.0, attempt=10.0, retries=3, first_wait=0.0)


@dataclass(frozen=True)
class Answer:
    """Answer so."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """What the service was asked."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.content) if packed else self.content)


Behaviour = Answer | Literal["drop", "hang"]


class Service:
    """Follows its script, a behaviour a request, and then the last of it for ever."""

    def __init__(self) -> None:
        self.script: deque[Behaviour] = deque()
        self.asked: list[Ask] = []
        self.url = ""

    def will(self, *script: Behaviour) -> None:
        self.script = deque(script)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has them
        content, more = b"", True
        while more:
            message = await receive()
            content, more = content + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append(Ask(scope["method"], scope["raw_path"].decode(), headers, content))
        await self.follow(self.script.popleft() if len(self.script) > 1 else self.script[0], receive, send)

    async def follow(self, told: Behaviour, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has them
        if told == "hang":
            await receive()  # the client goes away
            return
        answer = Answer(headers={"content-length": "1000"}) if told == "drop" else told
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": told == "drop"})


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    with socket.create_server(("127.0.0.1", 0)) as door:
        service.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        config = uvicorn.Config(service, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        yield service
        server.should_exit = True
        thread.join()


class Caller:
    """Calls a method of either client by its name."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind, self.url = kind, url
        self.options: dict[str, Any] = {"fallback": BY_SIZE, "patience": QUICK, "risk_patience": QUICK}

    def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any method's
        return (
            asyncio.run(self._await(method, *args, **kwargs))
            if self.kind == "async"
            else self._block(method, *args, **kwargs)
        )

    def _block(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any method's
        with Client(self.url, "gg_key", **self.options) as client:
            return getattr(client, method)(*args, **kwargs)

    async def _await(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any method's
        async with AsyncClient(self.url, "gg_key", **self.options) as client:
            return await getattr(client, method)(*args, **kwargs)


@pytest.fixture(params=["blocking", "async"])
def call(request: pytest.FixtureRequest, service: Service) -> Caller:
    return Caller(request.param, service.url)


def taken(accepted: int, *rejected: int) -> Answer:
    """The service took so many rows, and refused those of these places in the request."""
    told = [{"index": index, "pointer": "/credits", "reason": "is negative"} for index in rejected]
    return Answer(202, {"accepted": accepted, "duplicate": 1, "rejected": told})


def rows(count: int) -> list[dict[str, object]]:
    return [{"event_id": f"e{number}", "occurred_at": datetime(2025, 5, 1, tzinfo=UTC)} for number in range(count)]


def test_a_decision_comes_back_whole(call: Caller, service: Service) -> None:
    service.will(Answer(200, DECISION))
    decided = call("risk", "a1", "g1", datetime(2025, 5, 1, tzinfo=UTC))
    assert (decided.action, decided.enforced, decided.fallback, decided.body) == ("hold", True, False, DECISION)
    assert service.asked[0].body == {"account_id": "a1", "grant_id": "g1", "at": "2025-05-01T00:00:00+00:00"}


def test_every_request_bears_the_key(call: Caller, service: Service) -> None:
    service.will(Answer(200, DECISION))
    call("risk", "a1")
    assert service.asked[0].headers["authorization"] == "Bearer gg_key"


@pytest.mark.parametrize("bad", [Answer(429), Answer(502), Answer(503), Answer(504), Answer(409), "drop"])
def test_a_risk_is_asked_again_under_the_same_key(call: Caller, service: Service, bad: Behaviour) -> None:
    service.will(bad, bad, Answer(200, DECISION))
    assert call("risk", "a1").decision_id == "d1"
    keys = {ask.headers["idempotency-key"] for ask in service.asked}
    assert (len(service.asked), len(keys)) == (3, 1)


def test_two_questions_have_two_keys(call: Caller, service: Service) -> None:
    service.will(Answer(200, DECISION))
    call("risk", "a1")
    call("risk", "a1")
    assert len({ask.headers["idempotency-key"] for ask in service.asked}) == 2


def test_the_caller_may_name_the_question(call: Caller, service: Service) -> None:
    service.will(Answer(200, DECISION))
    call("risk", "a1", idempotency_key="spend-7")
    assert service.asked[0].headers["idempotency-key"] == "spend-7"


def test_a_service_that_hangs_is_answered_for(call: Caller, service: Service) -> None:
    service.will("hang")
    call.options["risk_patience"] = Patience(whole=5.0, attempt=0.05, retries=1, first_wait=0.0)
    told = call("risk", "a1", credits_at_stake=40)
    assert (told.fallback, told.action) == (True, "allow")
    assert told.why.startswith("POST /v1/risk: no answer in time")


@pytest.mark.parametrize("bad", [Answer(503), Answer(500), "drop", Answer(200, b"<html>"), Answer(200, {"ok": 1})])
@pytest.mark.parametrize(("stake", "action"), [(100.0, "allow"), (100.5, "hold"), (None, "hold")])
def test_without_a_decision_the_size_at_stake_decides(
    call: Caller, service: Service, bad: Behaviour, stake: float | None, action: str
) -> None:
    service.will(bad)
    told = call("risk", "a1", credits_at_stake=stake)
    assert (told.fallback, told.action, told.ask_again_after, told.decision_id) == (True, action, 30.0, None)


def test_nobody_at_the_door_is_answered_for(call: Caller) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        call.url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        assert call("risk", "a1").why.startswith("POST /v1/risk: no answer in time (ConnectError)")


def test_the_rule_is_an_argument(call: Caller, service: Service) -> None:
    service.will(Answer(503))
    call.options["fallback"] = FallbackRule(allow_up_to=math.inf)
    assert call("risk", "a1").action == "allow"


def test_who_wants_no_fallback_gets_the_error(call: Caller, service: Service) -> None:
    service.will(Answer(503))
    call.options["fallback"] = None
    with pytest.raises(Unavailable, match="the service answered 503; ask again later"):
        call("risk", "a1")


def test_a_no_is_never_answered_for_nor_asked_again(call: Caller, service: Service) -> None:
    problem = {"title": "Rows break the contract", "errors": [{"pointer": "/at", "detail": "is no time"}]}
    service.will(Answer(422, problem))
    with pytest.raises(RequestRefused, match=r"POST /v1/risk: 422 Rows break the contract \(/at: is no time\)") as told:
        call("risk", "a1")
    assert (told.value.status, told.value.problem, len(service.asked)) == (422, problem, 1)


def test_a_no_without_a_problem_document_is_told_too(call: Caller, service: Service) -> None:
    service.will(Answer(401, b"go away"))
    with pytest.raises(RequestRefused, match="401 Unauthorized"):
        call("risk", "a1")


def test_a_key_is_in_no_error(call: Caller, service: Service) -> None:
    service.will(Answer(401, b""))
    with pytest.raises(RequestRefused) as told:
        call("risk", "a1")
    assert "gg_key" not in repr(told.value)


def test_a_standing_is_asked_for_by_the_accounts_name(call: Caller, service: Service) -> None:
    service.will(Answer(200, {"risk": 0.4}))
    assert call("standing", "a/1 ü") == {"risk": 0.4}
    assert (service.asked[0].method, service.asked[0].path) == ("GET", "/v1/accounts/a%2F1%20%C3%BC/risk")


def test_an_outcome_is_told_again_until_it_is_heard(call: Caller, service: Service) -> None:
    service.will("drop", Answer(200, {}))
    assert call("report_outcome", "d1", "refused", detail="no such grant") == {}
    assert service.asked[1].path == "/v1/decisions/d1/outcome"
    assert service.asked[1].body == {"status": "refused", "detail": "no such grant"}


@pytest.mark.parametrize("table", ["usage", "accounts", "grants", "billing"])
def test_rows_go_to_their_table(call: Caller, service: Service, table: str) -> None:
    service.will(taken(2))
    assert call(f"send_{table}", rows(2)) == Sent(accepted=2, duplicate=1)
    assert (service.asked[0].path, len(service.asked[0].body)) == (f"/v1/{table}", 2)
    assert service.asked[0].body[0]["occurred_at"] == "2025-05-01T00:00:00+00:00"


def test_many_rows_travel_packed_and_in_parts(call: Caller, service: Service) -> None:
    service.will(taken(CHUNK), taken(3))
    assert call("send_usage", iter(rows(CHUNK + 3))).accepted == CHUNK + 3
    assert [len(ask.body) for ask in service.asked] == [CHUNK, 3]
    assert service.asked[0].headers["content-encoding"] == "gzip"
    assert len(service.asked[0].content) < CHUNK * 10


def test_a_rejected_row_is_named_by_its_place_among_all(call: Caller, service: Service) -> None:
    service.will(taken(CHUNK - 1, 5), taken(2, 1))
    assert [each["index"] for each in call("send_usage", rows(CHUNK + 3)).rejected] == [5, CHUNK + 1]


@pytest.mark.parametrize("bad", [Answer(503), "drop", Answer(413, {"title": "Too large"}), Answer(200, {"ok": True})])
def test_a_failure_says_how_many_rows_were_acknowledged(call: Caller, service: Service, bad: Behaviour) -> None:
    service.will(taken(CHUNK), bad)
    with pytest.raises((Unavailable, RequestRefused)) as told:
        call("send_usage", rows(CHUNK + 3))
    assert vars(told.value)["acknowledged"] == CHUNK


def test_no_rows_ask_nothing(call: Caller, service: Service) -> None:
    assert call("send_usage", []) == Sent()
    assert service.asked == []


@pytest.mark.parametrize("value", [datetime(2025, 5, 1), float("nan"), b"bytes"])  # noqa: DTZ001 - that is the point
def test_what_json_cannot_say_is_an_error_before_anything_is_sent(
    call: Caller, service: Service, value: object
) -> None:
    with pytest.raises((TypeError, ValueError)):
        call("send_usage", [{"occurred_at": value}])
    assert service.asked == []


def test_an_address_that_is_none_is_refused_at_once(call: Caller) -> None:
    call.url = "guard.example:8000"
    with pytest.raises(UsageError, match="http://"):
        call("risk", "a1")
