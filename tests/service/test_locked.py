"""Doors locked: without a key nobody gets in, and a key opens what its scopes say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from grantguard.service import Limits
from grantguard.service.guarding import Keyring
from grantguard.store.database import Database
from grantguard.store.keys import revoke_key

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
Sender = Any
"""Of tests/conftest.py."""

ROUTES = [
    ("POST", "/v1/usage", "ingest"),
    ("POST", "/v1/accounts", "ingest"),
    ("POST", "/v1/grants", "ingest"),
    ("POST", "/v1/billing", "ingest"),
    ("POST", "/v1/sources/litellm", "ingest"),
    ("POST", "/api/v1/events", "ingest"),
    ("POST", "/v1/risk", "risk"),
    ("POST", "/v1/risk/batch", "risk"),
    ("POST", "/v1/risk/history", "risk"),
    ("GET", "/v1/accounts/ada/risk", "risk"),
    ("GET", "/v1/decisions/d1", "risk"),
    ("POST", "/v1/decisions/d1/outcome", "risk"),
    ("POST", "/v1/appeals", "risk"),
    ("GET", "/v1/appeals/p1", "risk"),
    ("GET", "/v1/queue", "review"),
    ("POST", "/v1/verdicts", "review"),
    ("GET", "/v1/models", "admin"),
    ("POST", "/v1/models/m1/promote", "admin"),
    ("GET", "/metrics", "admin"),
]
route = pytest.mark.parametrize(("method", "path", "scope"), ROUTES, ids=[path for _, path, _ in ROUTES])


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in ROUTES])
def test_without_a_key_nobody_gets_in(sender: Sender, method: str, path: str) -> None:
    answer = sender.client.request(method, path, content=b"not even JSON")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"] == "Bearer"


@route
def test_a_key_of_another_scope_does_not_open(sender: Sender, method: str, path: str, scope: str) -> None:
    others = [name for name in sender.keys if name != scope]
    answers = [sender.client.request(method, path, headers=sender.bearer(name)) for name in others]
    assert [answer.status_code for answer in answers] == [403, 403, 403]


@route
def test_a_key_of_its_scope_opens(sender: Sender, method: str, path: str, scope: str) -> None:
    assert sender.client.request(method, path, headers=sender.bearer(scope)).status_code not in (401, 403, 500)


def test_every_locked_route_is_known_to_this_test(sender: Sender) -> None:
    paths = sender.client.get("/openapi.json").json()["paths"]
    assert len(paths) == len(ROUTES) + len(("/healthz", "/readyz"))


@pytest.mark.parametrize("said", ["gg_00000000_" + "a" * 43, "gg_", "", "\u00e9", "Bearer"])
def test_what_is_no_key_opens_nothing(sender: Sender, said: str) -> None:
    headers = {"Authorization": f"Bearer {said}".encode()}
    assert sender.client.get("/v1/queue", headers=headers).status_code == 401


def test_a_revoked_key_opens_nothing(sender: Sender, database: Database) -> None:
    with database.connection() as connection:
        revoke_key(connection, "key of review", NOON)
    assert sender.get("review", "/v1/queue").status_code == 401


def test_every_answer_has_the_headers_that_lock_doors_and_an_id(sender: Sender) -> None:
    for path in ("/healthz", "/v1/queue", "/nowhere"):
        headers = sender.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert len(headers["x-request-id"]) == 32


def test_a_callers_request_id_is_kept_where_it_is_one(sender: Sender) -> None:
    assert sender.client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert sender.client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["x-request-id"] != "a b"


class TestALimit:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(rate=0.01, burst=3)

    def test_who_asks_too_often_is_told_when_to_come_back(self, sender: Sender) -> None:
        answers = [sender.get("review", "/v1/queue") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) > 0

    def test_another_key_has_a_bucket_of_its_own(self, sender: Sender) -> None:
        for _ in range(4):
            sender.get("review", "/v1/queue")
        assert sender.get("admin", "/v1/models").status_code == 200


class TestWrongKeys:
    WRONG: ClassVar = {"Authorization": "Bearer gg_00000000_" + "a" * 43}

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(wrong_rate=0.01, wrong_burst=3)

    def show_wrong_keys(self, sender: Sender, times: int = 4) -> list[Any]:
        return [sender.client.get("/v1/queue", headers=self.WRONG) for _ in range(times)]

    def test_who_shows_one_after_the_other_is_told_when_to_come_back(self, sender: Sender) -> None:
        answers = self.show_wrong_keys(sender)
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert int(answers[-1].headers["retry-after"]) > 0
        assert answers[-1].headers["content-type"] == "application/problem+json"

    def test_then_a_key_that_was_never_seen_has_to_wait_too(self, sender: Sender) -> None:
        self.show_wrong_keys(sender)
        assert sender.get("review", "/v1/queue").status_code == 429

    def test_a_key_that_was_right_before_is_not_shut_out_by_others_at_its_address(self, sender: Sender) -> None:
        assert sender.get("review", "/v1/queue").status_code == 200
        self.show_wrong_keys(sender)
        assert sender.get("review", "/v1/queue").status_code == 200

    def test_right_keys_and_none_at_all_cost_no_try(self, sender: Sender) -> None:
        for _ in range(5):
            assert sender.get("review", "/v1/queue").status_code == 200
            assert sender.client.get("/v1/queue").status_code == 401
        assert self.show_wrong_keys(sender, 1)[0].status_code == 401


class TestAKeyring:
    @pytest.fixture
    def tick(self) -> list[float]:
        return [0.0]

    @pytest.fixture
    def keyring(self, database: Database, tick: list[float]) -> Keyring:
        return Keyring(database, lambda: tick[0])

    def test_what_was_found_is_trusted_for_five_seconds(
        self, keyring: Keyring, keys: dict[str, str], tick: list[float]
    ) -> None:
        keyring.find(keys["risk"], NOON)
        tick[0] = 4.9
        assert keyring.recall(keys["risk"]) is not None
        tick[0] = 5.0
        assert keyring.recall(keys["risk"]) is None

    def test_a_key_that_was_revoked_is_not_known_once_it_was_looked_up_again(
        self, keyring: Keyring, keys: dict[str, str], database: Database
    ) -> None:
        keyring.find(keys["risk"], NOON)
        with database.connection() as connection:
            revoke_key(connection, "key of risk", NOON)
        assert keyring.find(keys["risk"], NOON) is None
        assert not keyring.knew(keys["risk"])
