"""An account is one reviewer's at a time, for a while."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from grantguard.store.claims import claim, claimed_by, release_claim
from grantguard.store.database import Database

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
LAPSE = timedelta(minutes=15)


def take(database: Database, person: str, now: datetime = NOON) -> bool:
    with database.connection() as connection:
        return claim(connection, "ada", person, now, LAPSE)


def holders(database: Database, now: datetime = NOON) -> dict[str, str]:
    with database.connection() as connection:
        return claimed_by(connection, ["ada", "bob"], now)


def test_an_account_that_nobody_has_can_be_claimed(database: Database) -> None:
    assert take(database, "grace")
    assert holders(database) == {"ada": "grace"}


def test_what_one_has_another_does_not_get(database: Database) -> None:
    take(database, "grace")
    assert not take(database, "alan")
    assert holders(database) == {"ada": "grace"}


def test_of_many_who_claim_at_once_one_gets_it(database: Database) -> None:
    people = [f"person {i}" for i in range(8)]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda person: take(database, person), people))
    assert sum(got) == 1


def test_a_claim_lapses(database: Database) -> None:
    take(database, "grace")
    assert holders(database, NOON + LAPSE) == {}
    assert take(database, "alan", NOON + LAPSE)


def test_who_has_an_account_keeps_it_by_claiming_again(database: Database) -> None:
    take(database, "grace")
    assert take(database, "grace", NOON + LAPSE / 2)
    assert holders(database, NOON + LAPSE) == {"ada": "grace"}


def test_what_is_released_is_anybodys(database: Database) -> None:
    take(database, "grace")
    with database.connection() as connection:
        release_claim(connection, "ada", "grace")
    assert take(database, "alan")


def test_nobody_releases_the_claim_of_another(database: Database) -> None:
    take(database, "grace")
    with database.connection() as connection:
        release_claim(connection, "ada", "alan")
    assert holders(database) == {"ada": "grace"}
