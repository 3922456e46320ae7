"""Everything at once: senders, ledgers that ask, reviewers, workers. Nobody waits in a circle or is told twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from grantguard.settlement import Desk, Judgement, Question, answer, expire, judge, recheck, settle
from grantguard.vocabulary import Label

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = [f"account-{number}" for number in range(4)]
VERDICTS: tuple[Label, ...] = ("abuse", "genuine")
Keep = Callable[..., None]
Deed = Callable[[], object]


def deeds(desk: Desk, keep: Keep, draw: random.Random) -> list[Deed]:
    """What all of them do."""
    verdicts = [Judgement(tuple(draw.sample(NAMES, 2)), None, verdict, None, "looked") for verdict in VERDICTS * 2]
    return [
        *(partial(keep, name, spent=draw.random()) for name in NAMES),
        *(partial(settle, desk, NOON + hour * HOUR) for hour in range(4)),
        *(partial(answer, desk, Question(draw.sample(NAMES, 3)), NOON) for _ in range(3)),
        *(partial(judge, desk, verdict, "grace", NOON + draw.random() * HOUR) for verdict in verdicts),
        *(partial(recheck, desk.database, NOON + 2 * DAY) for _ in range(2)),
        *(partial(expire, desk.database, NOON + 8 * DAY) for _ in range(2)),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_all_that_is_done_at_once_is_done_and_each_change_of_a_grant_has_a_number_of_its_own(
    desk: Desk, keep: Keep, seed: int
) -> None:
    draw, parts = random.Random(seed), replace(desk, in_tranches=True)  # noqa: S311 - a test's draw
    for name in NAMES:
        keep(name, chargebacks=draw.randint(0, 1), mail="one-mail")
    work = deeds(parts, keep, draw)
    draw.shuffle(work)
    with ThreadPoolExecutor(4) as pool:
        begun: list[Future[object]] = [pool.submit(deed) for deed in work]
        for future in begun:
            future.result()
    with desk.database.connection() as connection:
        told = connection.execute("SELECT grant_id, sequence FROM outbox WHERE grant_id IS NOT NULL").fetchall()
    assert len(told) == len(set(told))
    assert {grant_id for grant_id, _ in told} == {f"{name}-g" for name in NAMES}
