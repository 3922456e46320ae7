"""What was decided reaches the ledger: at least once, in order for each grant, and nothing outdated."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from grantguard.delivery import collapse, deliver_due
from grantguard.ledgers import WebhookLedger, open_webhook
from grantguard.ledgers.retrying import SCHEDULE
from grantguard.vocabulary import Decision, Due, Gone, Notice, NoticeKind, Outcome, Recheck, Retry, Support

HttpAnswer = tuple[int, dict[str, str], bytes]
Serve = Callable[[Callable[[str, str, dict[str, str], bytes], HttpAnswer]], str]

START = datetime(2025, 5, 1, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
KINDS: tuple[NoticeKind, ...] = ("grant.hold", "grant.release")


def notice(sequence: int, grant: str | None = "g1", kind: NoticeKind | None = None) -> Notice:
    decision = Decision(
        f"d{sequence}", "a1", ("g1",), START, "hold", enforced=True, status="scored", risk=0.9, p_value=0.001,
        held_until=None, recheck=Recheck(None, None), reasons=(), support=Support(9, 2, ()), promo_credits_spent=5.0,
        promo_credits_left=5.0, model_version="m", rules_version="r",
    )  # fmt: skip
    kind = kind or KINDS[sequence % 2]
    return Notice(f"{grant}-{kind}-{sequence}", kind, START, decision, grant, sequence)


@dataclass
class Row:
    notice: Notice
    next_try_at: datetime | None
    attempts: int = 0
    state: str = "waiting"
    told: object = None


@dataclass
class Memory:
    """An outbox that forgets when the test ends."""

    rows: dict[str, Row] = field(default_factory=dict)
    disabled: bool = False

    def put(self, *notices: Notice, at: datetime = START) -> None:
        self.rows |= {each.notice_id: Row(each, at) for each in notices}

    def states(self) -> dict[str, str]:
        return {name: row.state for name, row in self.rows.items()}

    def due(self, now: datetime, limit: int) -> Sequence[Due]:
        waiting = [row for row in self.rows.values() if row.state == "waiting" and not self.disabled]
        grants = {row.notice.grant_id for row in waiting if row.next_try_at and row.next_try_at <= now}
        return [Due(row.notice, row.attempts) for row in waiting if row.notice.grant_id in grants][:limit]

    def mark_delivered(self, notice_id: str, outcome: Outcome, now: datetime) -> None:
        self.rows[notice_id].state, self.rows[notice_id].told = outcome.status, now

    def mark_failed(self, notice_id: str, reason: str, next_try_at: datetime | None) -> None:
        row = self.rows[notice_id]
        row.attempts, row.next_try_at, row.told = row.attempts + 1, next_try_at, reason
        row.state = "waiting" if next_try_at else "dead"

    def mark_superseded(self, notice_id: str, by: str) -> None:
        self.rows[notice_id].state, self.rows[notice_id].told = "superseded", by

    def disable(self, reason: str, now: datetime) -> None:
        self.disabled = bool(reason and now)


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
            self.taken.append((told["grant_id"], told["sequence"]))
        return self.status, {}, b""


def deliver(outbox: Memory, ledger: WebhookLedger, now: datetime = START) -> list[object]:
    return [answer for _, answer in deliver_due(outbox, ledger, now, lambda: 0.5)]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def ledger(serve: Serve, receiver: Receiver) -> WebhookLedger:
    return open_webhook(serve(receiver), (SECRET,), allow_private=True)


def test_what_is_due_is_told_and_written_down(ledger: WebhookLedger) -> None:
    outbox = Memory()
    outbox.put(notice(1), notice(1, "g2"))
    deliver(outbox, ledger)
    assert set(outbox.states().values()) == {"applied"}


def test_what_is_not_due_waits(ledger: WebhookLedger) -> None:
    outbox = Memory()
    outbox.put(notice(1), at=START + timedelta(seconds=1))
    assert deliver(outbox, ledger) == []


def test_what_was_overtaken_is_not_told(ledger: WebhookLedger, receiver: Receiver) -> None:
    outbox = Memory()
    outbox.put(notice(1), notice(2), notice(3))
    deliver(outbox, ledger)
    assert receiver.taken == [("g1", 3)]
    assert list(outbox.states().values()) == ["superseded", "superseded", "applied"]


def test_what_was_overtaken_while_it_waited_for_another_try_is_not_told(
    ledger: WebhookLedger, receiver: Receiver
) -> None:
    outbox = Memory()
    outbox.put(notice(1))
    receiver.status = 503
    deliver(outbox, ledger)
    outbox.put(notice(2))
    receiver.status = 204
    for hours in range(3):
        deliver(outbox, ledger, START + timedelta(hours=hours))
    assert receiver.taken == [("g1", 2)]


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
    assert outbox.states() == {notice(1).notice_id: "dead"}


def test_a_ledger_that_is_gone_is_left_alone_and_nothing_is_lost(ledger: WebhookLedger, receiver: Receiver) -> None:
    outbox = Memory()
    outbox.put(notice(1), notice(1, "g2"))
    receiver.status = 410
    assert deliver(outbox, ledger) == [Gone("answered 410")]
    assert deliver(outbox, ledger) == []
    assert set(outbox.states().values()) == {"waiting"}


def test_one_grants_failure_does_not_keep_another_waiting(serve: Serve) -> None:
    def choosy(_: str, __: str, ___: dict[str, str], body: bytes) -> HttpAnswer:
        return (500 if json.loads(body)["grant_id"] == "g1" else 204), {}, b""

    outbox = Memory()
    outbox.put(notice(1), notice(1, "g2"))
    answers = deliver(outbox, open_webhook(serve(choosy), (SECRET,), allow_private=True))
    assert answers == [Retry("answered 500"), Outcome("applied", "answered 204")]


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
    assert set(outbox.states().values()) == {"applied", "superseded"}


grants = st.sampled_from(["g1", "g2", None])
kinds = st.sampled_from(KINDS)


@st.composite
def waiting(draw: st.DrawFn) -> list[Due]:
    told = draw(st.lists(st.tuples(grants, kinds), max_size=12))
    numbered = [
        notice(number, grant, kind if grant else "account.verdict") for number, (grant, kind) in enumerate(told)
    ]
    return [Due(each, draw(st.integers(0, 9))) for each in numbered]


@given(waiting())
def test_of_each_grant_the_newest_alone_is_kept(given_: list[Due]) -> None:
    kept, _ = collapse(given_)
    last = {due.notice.grant_id: due for due in given_}
    assert kept == [due for due in given_ if last[due.notice.grant_id] is due]


@given(waiting())
def test_whatever_is_left_out_gives_way_to_a_newer_one_about_the_same(given_: list[Due]) -> None:
    kept, outdated = collapse(given_)
    by_id = {due.notice.notice_id: due for due in given_}
    assert {due.notice.notice_id for due in given_} == {due.notice.notice_id for due in kept} | set(outdated)
    for old, new in outdated.items():
        assert by_id[new] in kept
        assert by_id[old].notice.grant_id == by_id[new].notice.grant_id
        assert by_id[old].notice.sequence < by_id[new].notice.sequence


def test_a_verdict_does_not_overtake_a_hold() -> None:
    hold, verdict = Due(notice(1, kind="grant.hold"), 0), Due(notice(2, kind="account.verdict"), 0)
    assert collapse([hold, verdict]) == ([hold, verdict], {})
