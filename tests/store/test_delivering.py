"""Notices out of the store: nothing is lost to a ledger's bad day, and a ledger that is gone is left alone."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from grantguard.delivery import deliver_due
from grantguard.ledgers import WebhookLedger, open_webhook
from grantguard.store.audit import read_audit
from grantguard.store.database import Database
from grantguard.store.decisions import record_decision
from grantguard.store.delivering import LEASE, StoredOutbox
from grantguard.store.outbox import count_undelivered, post
from grantguard.store.outcomes import find_outcome
from grantguard.store.stops import find_stop, start_delivery
from grantguard.vocabulary import Action, Decision, Outcome

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
START = datetime(2025, 5, 10, 12, tzinfo=UTC)
GRANTS = ("g1", "g2", "g3", "g4")

HttpAnswer = tuple[int, dict[str, str], bytes]
Serve = Callable[[Callable[[str, str, dict[str, str], bytes], HttpAnswer]], str]


@dataclass
class FarSide:
    """A ledger at the other end, which checks every signature."""

    status: int = 204
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, _: str, __: str, headers: dict[str, str], body: bytes) -> HttpAnswer:
        Webhook(SECRET).verify(body, headers)
        if self.status == 204:
            self.taken.append((headers["webhook-id"], json.loads(body)))
        return self.status, {}, b""


@pytest.fixture
def far_side() -> FarSide:
    return FarSide()


@pytest.fixture
def ledger(serve: Serve, far_side: FarSide) -> WebhookLedger:
    return open_webhook(serve(far_side), (SECRET,), allow_private=True)


def change(database: Database, hold: Decision, grant: str, sequence: int, now: datetime) -> None:
    actions: tuple[Action, ...] = ("allow", "hold")
    decision = replace(hold, decision_id=f"{grant}-{sequence}", grants=(grant, "other"), action=actions[sequence % 2])
    with database.connection() as connection:
        record_decision(connection, decision, {})
        post(connection, decision, grant, sequence, now)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_an_hour_of_silence_held_up_arrives_once_and_in_order(
    database: Database, hold: Decision, ledger: WebhookLedger, far_side: FarSide, seed: int
) -> None:
    draw, newest, outbox = random.Random(seed), dict.fromkeys(GRANTS, 0), StoredOutbox(database)  # noqa: S311 - a test's draw
    for minute in range(0, 300, 5):
        now = START + timedelta(minutes=minute)
        far_side.status = 503 if 30 <= minute < 90 else 204
        for grant in draw.sample(GRANTS, draw.randint(0, 2)) if minute < 120 else ():
            newest[grant] += 1
            change(database, hold, grant, newest[grant], now)
        deliver_due(outbox, ledger, now, draw.random)
    for grant in GRANTS:
        numbers = [told["sequence"] for _, told in far_side.taken if told["data"]["grants"] == [grant]]
        assert numbers == sorted(set(numbers))
        assert not newest[grant] or numbers[-1] == newest[grant]
    assert len({notice_id for notice_id, _ in far_side.taken}) == len(far_side.taken)
    with database.connection() as connection:
        left = count_undelivered(connection)
    assert (left.waiting, left.dead) == (0, 0)


def test_a_ledger_that_is_gone_is_left_alone_until_somebody_starts_again(
    database: Database, hold: Decision, ledger: WebhookLedger, far_side: FarSide
) -> None:
    outbox, far_side.status = StoredOutbox(database), 410
    change(database, hold, "g1", 1, START)
    deliver_due(outbox, ledger, START, lambda: 0.0)
    far_side.status = 204
    assert not deliver_due(outbox, ledger, START + LEASE, lambda: 0.0)
    with database.connection() as connection:
        assert start_delivery(connection, START, by="ada")
    assert len(deliver_due(outbox, ledger, START + LEASE, lambda: 0.0)) == 1


def test_a_stop_says_why_and_starting_again_is_in_the_audit_trail(database: Database) -> None:
    StoredOutbox(database).stop("answered 410", START)
    with database.connection() as connection:
        stop = find_stop(connection)
        start_delivery(connection, START, by="ada")
        told = [(each.actor, each.action) for each in read_audit(connection, 2)]
    assert stop is not None
    assert stop.reason == "answered 410"
    assert told == [("ada", "ledger.started"), ("grantguard", "ledger.stopped")]


def test_a_second_stop_changes_nothing(database: Database) -> None:
    outbox = StoredOutbox(database)
    outbox.stop("answered 410", START)
    outbox.stop("again", START + LEASE)
    with database.connection() as connection:
        stop = find_stop(connection)
    assert stop is not None
    assert stop.stopped_at == START


def test_what_a_ledger_made_of_a_notice_is_its_outcome(database: Database, hold: Decision) -> None:
    outbox = StoredOutbox(database)
    change(database, hold, "g1", 1, START)
    (due,) = outbox.take(START, 10)
    outbox.mark_delivered(due.notice, Outcome("refused", "no such verb"), START)
    with database.connection() as connection:
        reported = find_outcome(connection, hold.account_id, "g1-1")
    assert reported is not None
    assert (reported.status, reported.detail) == ("refused", "no such verb")


def test_why_a_notice_failed_is_kept(database: Database, hold: Decision) -> None:
    outbox = StoredOutbox(database)
    change(database, hold, "g1", 1, START)
    (due,) = outbox.take(START, 10)
    outbox.mark_failed(due.notice, "answered 503", START + LEASE, START)
    with database.connection() as connection:
        assert connection.execute("SELECT reason FROM outbox").fetchone() == ("answered 503",)
