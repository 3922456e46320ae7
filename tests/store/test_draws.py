"""Who was drawn at random is remembered for the day, and told once there is a verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from grantguard.store.database import Database
from grantguard.store.draws import find_draw, keep_draws, read_draws
from grantguard.store.verdicts import Verdict, record_verdicts

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def draw(database: Database, chance: float = 0.25, now: datetime = NOON) -> None:
    with database.connection() as connection:
        keep_draws(connection, {"ada": chance, "bob": 0.5}, now)


def judge(database: Database, now: datetime) -> None:
    with database.connection() as connection:
        record_verdicts(connection, [Verdict("ada", now, "grace", "abuse", None, None, "")])


def told(database: Database) -> float | None:
    with database.statement() as connection:
        return find_draw(connection, "ada")


def test_a_draw_is_told_after_the_verdict_alone(database: Database) -> None:
    draw(database)
    assert told(database) is None
    judge(database, NOON + DAY)
    assert told(database) == 0.25


def test_a_verdict_before_the_draw_tells_nothing(database: Database) -> None:
    judge(database, NOON - DAY)
    draw(database)
    assert told(database) is None


def test_the_draw_of_a_day_stays(database: Database) -> None:
    draw(database)
    draw(database, 0.75, NOON + timedelta(hours=5))
    judge(database, NOON + DAY)
    assert told(database) == 0.25


def test_draws_come_with_the_first_verdict_that_followed(database: Database) -> None:
    draw(database)
    judge(database, NOON + timedelta(hours=1))
    rows = read_draws(database, NOON).sort("account_id")
    assert rows["verdict"].to_list() == ["abuse", None]
    assert rows["stopped"].to_list() == [False, False]


def test_older_draws_are_left_out(database: Database) -> None:
    draw(database)
    assert read_draws(database, NOON + DAY).height == 0
