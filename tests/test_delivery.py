"""What was decided reaches the ledger: at least once, in order for each grant, and nothing outdated."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

import pytest
from standardwebhooks import Webhook

from grantguard.delivery import deliver_due
from grantguard.ledgers import WebhookLedger, open_webhook
from grantguard.ledgers.retrying import SCHEDULE
from grantguard.vocabulary import (
    Capabilities,
    Decision,
    Due,
    Gone,
    Notice,
    NoticeKind,
    Outcome,
    Recheck,
    Retry,
    Support,
    Taken,
)

HttpAnswer = tuple[int, dict[str, str], bytes]
Serve = Callable[[Callable[[str, str, dict[str, str], bytes], HttpAnswer]], str]

START = datetime(2025, 5, 1, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
KINDS: tuple[NoticeKind, ...] = ("grant.hold", "grant.release")


def notice(sequence: int, grant: str = "g1") -> Notice:
    decision = Decision(
        f"d{sequence}", "a1", ("g1",), START, "hold", enforced=True, status="scored", risk=0.9, p_value=0.001,
        held_until=None, recheck=Recheck(None, None), reasons=(), support=Support(9, 2, ()), promo_credits_spent=5.0,
        promo_credits_left=5.0, model_version="m", rules_version="r",
    )  # fmt: skip
    return Notice(f"{grant}-{sequence}", KINDS[sequence % 2], START, decision, grant, sequence)


@dataclass
class Row:
    notice: Notice
    next_try_at: datetime
    attempts: int = 0
    state: str = "waiting"


@dataclass
class Memory:
    """An outbox that forgets when the test ends."""

    rows: dict[str, Row] = field(default_factory=dict)
    stopped: bool = False

    def put(self, *notices: Notice, at: datetime = START) -> None:
        for each in notices:
            for row in self.waiting():
                row.state = "superseded" if row.notice.grant_id == each.grant_id else row.state
            self.rows[each.notice_id] = Row(each, at)

    def waiting(self) -> list[Row]:
        return [row for row in self.rows.values() if row.state == "waiting"]

    def states(self) -> list[str]:
        return [row.state for row in self.rows.values()]

    def take(self, now: datetime, limit: int) -> Sequence[Due]:
        taken = [row for row in self.waiting() if row.next_try_at <= now and not self.stopped][:limit]
        for row in taken:
            row.attempts += 1
        return [Due(row.notice, row.attempts) for row in taken]

    def mark_delivered(self, notice: Notice, outcome: Outcome | None, _: datetime) -> None:
        self.rows[notice.notice_id].state = outcome.status if outcome else "taken"

    def mark_failed(self, notice: Notice, reason: str, next_try_at: datetime | None, _: datetime) -> None:
        row = self.rows[notice.notice_id]
        row.next_try_at, row.state = next_try_at or row.next_try_at, "waiting" if next_try_at else f"dead: {reason}"

    def stop(self, _: str, __: datetime) -> None:
        self.stopped = True


@dataclass(frozen=True)
class Certain:
    """A ledger that knows at once what it makes of a notice."""

    outcome: Outcome
    capabilities: ClassVar = Capabilities(can_hold=True, can_release=True, can_revoke=True)

    def deliver(self, _: Notice) -> Outcome:
        return self.outcome


class Receiver:
    """A ledger that checks every signature, and is down as long as it is told to be."""

    def __init__(self) -> None:
        self.status = 204
        self.tried: list[str] = []
        self.taken: list[tuple[str, int]] = []

    def __call__(self, _: str, __: str, headers: dict[str, str], body: bytes) -> HttpAnswer:
        told = json.loads(body)
        Webhook(SECRET).verify(body, headers)
        self.tried.append(headers["webhook-id"])
        if self.status == 204:
            self.taken.append((told["data"]["grants"][0], told["sequence"]))
        return self.status, {}, b""


def deliver(outbox: Memory, ledger: WebhookLedger, now: datetime = START) -> list[object]:
    return [answer for _, answer in deliver_due(outbox, ledger, now, lambda: 0.5)]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def ledger(serve: Serve, receiver: Receiver) -> WebhookLedger:
    return open_webhook(serve(receiver), (SECRET,), allow_private=True)


def test_what_is_due_is_told_and_written_down(ledger: WebhookLedger, receiver: Receiver) -> None:
    outbox = Memory()
    outbox.put(notice(1), notice(1, "g2"))
    deliver(outbox, ledger)
    assert receiver.taken == [("g1", 1), ("g2", 1)]
    assert outbox.states() == ["taken", "taken"]


@pytest.mark.parametrize("status", ["applied", "refused"])
def test_an_outcome_that_is_known_at_once_is_written_down(status: Literal["applied", "refused"]) -> None:
    outbox = Memory()
    outbox.put(notice(1))
    deliver_due(outbox, Certain(Outcome(status)), START, lambda: 0.5)
    assert outbox.states() == [status]


def test_what_is_not_due_waits(ledger: WebhookLedger) -> None:
    outbox = Memory()
    outbox.put(notice(1), at=START + timedelta(seconds=1))
    assert deliver(outbox, ledger) == []


def test_an_answer_that_was_lost_makes_it_come_again_under_its_id(ledger: WebhookLedger, receiver: Receiver) -> None:
    outbox = Memory()
    outbox.put(notice(1))
    receiver.status = 500
    deliver(outbox, ledger)
    receiver.status = 204
    deliver(outbox, ledger, START + timedelta(minutes=1))
    assert receiver.tried == [notice(1).notice_id] * 2


def test_what_never_gets_through_becomes_a_dead_letter(ledger: WebhookLedger, receiver: Receiver) -> None:
    outbox = Memory()
    outbox.put(notice(1))
    receiver.status = 503
    for hours in range(24 * 5):
        deliver(outbox, ledger, START + timedelta(hours=hours))
    assert len(receiver.tried) == len(SCHEDULE)
    assert outbox.states() == ["dead: answered 503"]


def test_a_ledger_that_is_gone_is_left_alone_and_nothing_is_lost(ledger: WebhookLedger, receiver: Receiver) -> None:
    outbox = Memory()
    outbox.put(notice(1), notice(1, "g2"))
    receiver.status = 410
    assert deliver(outbox, ledger) == [Gone("answered 410")]
    assert deliver(outbox, ledger) == []
    assert outbox.states() == ["waiting", "waiting"]


def test_one_grants_failure_does_not_keep_another_waiting(serve: Serve) -> None:
    def choosy(_: str, __: str, ___: dict[str, str], body: bytes) -> HttpAnswer:
        return (500 if json.loads(body)["data"]["grants"] == ["g1"] else 204), {}, b""

    outbox = Memory()
    outbox.put(notice(1), notice(1, "g2"))
    answers = deliver(outbox, open_webhook(serve(choosy), (SECRET,), allow_private=True))
    assert answers == [Retry("answered 500"), Taken("answered 204")]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_an_hour_without_the_ledger_everything_arrives_in_order(
    ledger: WebhookLedger, receiver: Receiver, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - a simulation
    outbox, newest = Memory(), dict.fromkeys(("g1", "g2", "g3", "g4"), 0)
    for minute in range(0, 300, 5):
        now = START + timedelta(minutes=minute)
        receiver.status = 503 if 30 <= minute < 90 else 204
        for grant in draw.sample(sorted(newest), draw.randint(0, 2)) if minute < 120 else ():
            newest[grant] += 1
            outbox.put(notice(newest[grant], grant), at=now)
        deliver_due(outbox, ledger, now, draw.random)
    taken = {grant: [number for name, number in receiver.taken if name == grant] for grant in newest}
    assert all(numbers == sorted(set(numbers)) for numbers in taken.values())
    assert {grant: numbers[-1] for grant, numbers in taken.items() if numbers} == {g: n for g, n in newest.items() if n}
    assert set(outbox.states()) == {"taken", "superseded"}
