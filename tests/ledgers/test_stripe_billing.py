"""Stripe Billing, through its own client, against a server on loopback that answers in Stripe's shapes."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import stripe

from grantguard.ledgers.stripe_billing import StripeBilling, open_stripe
from grantguard.vocabulary import Decision, Notice, NoticeKind, Outcome, Recheck, Retry, Support

HttpAnswer = tuple[int, dict[str, str], bytes]
Serve = Callable[[Callable[[str, str, dict[str, str], bytes], HttpAnswer]], str]

RECORDED = json.loads((Path(__file__).parent / "stripe_requests.json").read_text())
AT = datetime(2025, 5, 1, tzinfo=UTC)
GRANTS = "/v1/billing/credit_grants"


def notice(
    kind: NoticeKind = "grant.revoke", *grants: str, grant_id: str = "credgr_1", enforced: bool = True
) -> Notice:
    decision = Decision(
        "dec-1", "a1", grants or (grant_id,), AT, "revoke", enforced=enforced, status="scored", risk=0.9, p_value=0.001,
        held_until=None, recheck=Recheck(None, None), reasons=(), support=Support(9, 2, ()), promo_credits_spent=5.0,
        promo_credits_left=5.0, model_version="m", rules_version="r",
    )  # fmt: skip
    return Notice("msg_1", kind, AT, decision, grant_id, 1)


class Stripe:
    """The far side: grants, what was applied of them, and Stripe's rules for idempotency keys."""

    def __init__(self, *grants: str, applied: int = 0, **changes: object) -> None:
        self.grants = {grant_id: credit_grant(grant_id) | changes for grant_id in grants or ("credgr_1",)}
        self.applied = applied
        self.requests: list[dict[str, Any]] = []
        self.keys: dict[str, str] = {}
        self.lapsed: list[dict[str, Any]] = []
        self.failing: tuple[str, HttpAnswer] | None = None

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> HttpAnswer:
        self.requests.append({"method": method, "path": path, "headers": headers, "body": body.decode()})
        if self.failing is not None and path.endswith(self.failing[0]):
            return self.failing[1]
        if method == "POST" and self.keys.setdefault(headers["idempotency-key"], path) != path:
            return problem(400, "idempotency_error")
        if path.startswith("/v1/billing/credit_balance_transactions"):
            return ok({"object": "list", "data": self.lapsed, "has_more": False, "url": path})
        grant_id, _, verb = path.removeprefix(f"{GRANTS}/").partition("/")
        if grant_id not in self.grants:
            return problem(404, "invalid_request_error", code="resource_missing")
        return self.act(self.grants[grant_id], verb, dict(parse_qsl(body.decode())))

    def act(self, grant: dict[str, Any], verb: str, sent: dict[str, str]) -> HttpAnswer:
        if verb == "void" and self.applied:
            return problem(400, "invalid_request_error")
        if verb:
            field, kind = {"void": ("voided_at", "credits_voided"), "expire": ("expires_at", "credits_expired")}[verb]
            grant[field] = grant["updated"] = int(AT.timestamp())
            self.lapsed.insert(0, lapse(grant["id"], kind, 500 - self.applied))
        for name, value in sent.items():
            grant["metadata"][name.removeprefix("metadata[").removesuffix("]")] = value
        return ok(grant)

    @property
    def posted(self) -> list[str]:
        return [request["path"].removeprefix(GRANTS) for request in self.requests if request["method"] == "POST"]


def credit_grant(grant_id: str) -> dict[str, Any]:
    return {
        "id": grant_id, "object": "billing.credit_grant", "category": "promotional", "customer": "cus_1",
        "amount": {"type": "monetary", "monetary": {"currency": "usd", "value": 500}},
        "applicability_config": {"scope": {"price_type": "metered"}}, "created": 1735689600, "updated": 1735689600,
        "effective_at": 1735689600, "expires_at": None, "livemode": False, "metadata": {}, "name": "Welcome",
        "priority": 50, "test_clock": None, "voided_at": None,
    }  # fmt: skip


def lapse(grant_id: str, kind: str, value: int) -> dict[str, Any]:
    amount = {"type": "monetary", "monetary": {"currency": "usd", "value": value}}
    debit = {"type": kind, "amount": amount, "credits_applied": None}
    return {
        "id": "cbtxn_1", "object": "billing.credit_balance_transaction", "type": "debit", "credit": None,
        "debit": debit, "credit_grant": grant_id, "created": 1735689600, "effective_at": 1735689600, "livemode": False,
        "test_clock": None,
    }  # fmt: skip


def ok(content: dict[str, Any]) -> HttpAnswer:
    return 200, {"content-type": "application/json", "request-id": "req_1"}, json.dumps(content).encode()


def problem(status: int, kind: str, **more: str) -> HttpAnswer:
    error = {"type": kind, "message": "Invalid API Key provided: EXAMPLE"} | more
    return status, {"content-type": "application/json", "request-id": "req_1"}, json.dumps({"error": error}).encode()


@pytest.fixture
def opened(serve: Serve) -> Callable[[Stripe], StripeBilling]:
    return lambda far: open_stripe("EXAMPLE", base_url=serve(far))


Opened = Callable[[Stripe], StripeBilling]


@pytest.mark.parametrize(("applied", "sent"), [(0, [2, 0]), (180, [2, 0, 1])])
def test_the_requests_are_as_recorded(opened: Opened, applied: int, sent: list[int]) -> None:
    far = Stripe(applied=applied)
    opened(far).deliver(notice())
    posted = [request for request in far.requests if request["method"] == "POST"]
    for request, recorded in zip(posted, (RECORDED[i] for i in sent), strict=True):
        assert request | {"headers": request["headers"] | recorded["headers"]} == request
        assert {name: request[name] for name in ("method", "path", "body")} == {
            name: recorded[name] for name in ("method", "path", "body")
        }


def test_a_grant_that_is_revoked_is_voided(opened: Opened) -> None:
    far = Stripe()
    assert opened(far).deliver(notice()) == Outcome("applied", "voided: 500 usd in its smallest unit lapsed")
    assert far.grants["credgr_1"]["voided_at"]


def test_of_one_that_is_partly_used_only_the_rest_lapses(opened: Opened) -> None:
    far = Stripe(applied=180)
    told = "expired, being partly used: 320 usd in its smallest unit lapsed"
    assert opened(far).deliver(notice()) == Outcome("applied", told)


def test_the_grant_says_which_decision_ended_it(opened: Opened) -> None:
    far = Stripe()
    opened(far).deliver(notice())
    assert far.grants["credgr_1"]["metadata"] == {"decision_id": "dec-1"}


@pytest.mark.parametrize("applied", [0, 180])
def test_told_twice_it_is_done_once(opened: Opened, applied: int) -> None:
    far = Stripe(applied=applied)
    ledger = opened(far)
    first = ledger.deliver(notice())
    posted = far.posted
    assert ledger.deliver(notice()) == first
    assert far.posted == posted


@pytest.mark.parametrize("applied", [0, 180])
def test_a_decision_about_two_grants_ends_both(opened: Opened, applied: int) -> None:
    both = ("credgr_1", "credgr_2")
    far = Stripe(*both, applied=applied)
    ledger = opened(far)
    answers = [ledger.deliver(notice("grant.revoke", *both, grant_id=grant_id)) for grant_id in both]
    assert [answer.status for answer in answers if isinstance(answer, Outcome)] == ["applied", "applied"]


@pytest.mark.parametrize("category", ["paid", "loyalty"])
def test_only_promotional_credit_is_touched(opened: Opened, category: str) -> None:
    far = Stripe(category=category)
    told = f"the grant's category is {category}: only promotional credit is touched"
    assert opened(far).deliver(notice()) == Outcome("refused", told)
    assert not far.posted


@pytest.mark.parametrize("kind", ["grant.hold", "grant.release", "account.verdict"])
def test_whatever_is_no_revocation_is_refused_without_a_request(opened: Opened, kind: NoticeKind) -> None:
    far = Stripe()
    answer = opened(far).deliver(notice(kind))
    assert isinstance(answer, Outcome)
    assert answer.status == "refused"
    assert not far.requests


def test_a_decision_that_only_recommends_is_refused_without_a_request(opened: Opened) -> None:
    far = Stripe()
    refused = Outcome("refused", "the decision only recommends (enforced is false)")
    assert opened(far).deliver(notice(enforced=False)) == refused
    assert not far.requests


def test_a_grant_that_stripe_does_not_know_is_refused(opened: Opened) -> None:
    far = Stripe("credgr_9")
    assert opened(far).deliver(notice()) == Outcome("refused", "Stripe knows no such grant")


def test_a_grant_that_can_be_neither_voided_nor_expired_is_refused(opened: Opened) -> None:
    far = Stripe(applied=180)
    far.failing = ("/expire", problem(400, "invalid_request_error", code="not_expirable"))
    assert opened(far).deliver(notice()) == Outcome("refused", "Stripe refused it: not_expirable")


def test_what_cannot_be_counted_is_still_done(opened: Opened) -> None:
    far = Stripe()
    far.failing = ("limit=100", problem(500, "api_error"))
    assert opened(far).deliver(notice()) == Outcome("applied", "ended")


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 503])
@pytest.mark.parametrize("where", ["credgr_1", "/void"])
def test_what_may_pass_is_tried_again(opened: Opened, status: int, where: str) -> None:
    far = Stripe()
    far.failing = (where, problem(status, "api_error"))
    assert opened(far).deliver(notice()) == Retry(f"Stripe answered {status}")


def test_a_key_that_stripe_saw_elsewhere_is_tried_again(opened: Opened) -> None:
    far = Stripe()
    far.keys["dec-1"] = "/v1/elsewhere"
    assert opened(far).deliver(notice()) == Retry("Stripe answered 400")


def test_the_wait_that_stripe_asks_for_is_passed_on(opened: Opened) -> None:
    far = Stripe()
    status, headers, content = problem(429, "rate_limit_error")
    far.failing = ("credgr_1", (status, headers | {"retry-after": "30"}, content))
    assert opened(far).deliver(notice()) == Retry("Stripe answered 429", timedelta(seconds=30))


def test_nobody_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert open_stripe("EXAMPLE", base_url=f"http://127.0.0.1:{port}").deliver(notice()) == Retry(
        "Stripe could not be reached"
    )


def test_after_a_failure_half_way_the_next_try_finishes(opened: Opened) -> None:
    far = Stripe(applied=180)
    far.failing = ("/expire", problem(503, "api_error"))
    ledger = opened(far)
    assert ledger.deliver(notice()) == Retry("Stripe answered 503")
    far.failing = None
    answer = ledger.deliver(notice())
    assert isinstance(answer, Outcome)
    assert answer.status == "applied"


def test_no_other_host_is_called(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    called: set[str] = set()
    connect = socket.socket.connect

    def watch(self: socket.socket, address: tuple[str, int]) -> None:
        called.add(address[0])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watch)
    opened(Stripe(applied=180)).deliver(notice())
    assert called == {"127.0.0.1"}


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    elsewhere = Stripe()
    far = Stripe()
    far.failing = ("credgr_1", (302, {"location": f"{serve(elsewhere)}{GRANTS}/credgr_1"}, b""))
    assert isinstance(open_stripe("EXAMPLE", base_url=serve(far)).deliver(notice()), Retry)
    assert not elsewhere.requests


def test_nothing_about_this_machine_is_told(opened: Opened) -> None:
    far = Stripe()
    ledger = opened(far)
    for _ in range(2):
        ledger.deliver(notice())
    assert not stripe.enable_telemetry
    assert not any("x-stripe-client-telemetry" in request["headers"] for request in far.requests)
    assert not any("platform" in request["headers"]["x-stripe-client-user-agent"] for request in far.requests)


def test_no_reason_repeats_what_stripe_says(opened: Opened) -> None:
    far = Stripe()
    far.failing = ("/void", problem(401, "invalid_request_error"))
    ledger = opened(far)
    assert "EXAMPLE" not in f"{ledger.deliver(notice())} {ledger}"


def test_nothing_of_it_is_logged(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        opened(Stripe(applied=180)).deliver(notice())
    assert not caplog.text
