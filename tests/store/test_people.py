"""People of the console: passwords that are kept as hashes, roles, lock-out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grantguard.errors import PasswordWeak, PersonTaken, PersonUnknown, RoleUnknown
from grantguard.store.audit import read_audit
from grantguard.store.database import Database
from grantguard.store.people import LOCKED_FOR, MOST_FAILURES, add_person, disable_person, list_people, recognize

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"  # noqa: S105 - of the tests


@pytest.fixture
def ada(database: Database) -> Database:
    with database.connection() as connection:
        add_person(connection, "ada", ["approver", "reviewer"], PASSWORD, NOON)
    return database


def test_a_person_is_recognized_by_the_password_alone(ada: Database) -> None:
    with ada.statement() as connection:
        found = recognize(connection, "ada", PASSWORD, NOON)
        assert recognize(connection, "ada", f"{PASSWORD} ", NOON) is None
        assert recognize(connection, "bob", PASSWORD, NOON) is None
    assert found is not None
    assert (found.name, found.roles) == ("ada", ("reviewer", "approver"))


def test_no_password_is_kept(ada: Database) -> None:
    with ada.connection() as connection:
        assert PASSWORD not in str(connection.execute("SELECT people::text, audit::text FROM people, audit").fetchall())


def test_failures_lock_a_name_for_a_while(ada: Database) -> None:
    with ada.statement() as connection:
        for _ in range(MOST_FAILURES):
            recognize(connection, "ada", "another password", NOON)
        assert recognize(connection, "ada", PASSWORD, NOON) is None
        assert recognize(connection, "ada", PASSWORD, NOON + 2 * LOCKED_FOR) is not None


def test_a_name_that_there_is_not_is_locked_too(ada: Database) -> None:
    with ada.statement() as connection:
        for _ in range(MOST_FAILURES + 1):
            recognize(connection, "bob", "another password", NOON)
    with ada.connection() as connection:
        assert read_audit(connection, 1)[0].action == "login.locked"


def test_who_gets_in_starts_counting_anew(ada: Database) -> None:
    with ada.statement() as connection:
        for _ in range(MOST_FAILURES - 1):
            recognize(connection, "ada", "another password", NOON)
        recognize(connection, "ada", PASSWORD, NOON)
        recognize(connection, "ada", "another password", NOON)
        assert recognize(connection, "ada", PASSWORD, NOON) is not None


def test_whoever_is_disabled_is_not_recognized(ada: Database) -> None:
    with ada.connection() as connection:
        disable_person(connection, "ada", NOON + timedelta(days=1))
        (person,) = list_people(connection)
    with ada.statement() as connection:
        assert recognize(connection, "ada", PASSWORD, NOON + timedelta(days=2)) is None
    assert person.disabled_at == NOON + timedelta(days=1)


@pytest.mark.parametrize("password", ["", "short", "x" * 1_001])
def test_a_password_is_long_and_not_a_novel(database: Database, password: str) -> None:
    with database.connection() as connection, pytest.raises(PasswordWeak):
        add_person(connection, "ada", ["reviewer"], password, NOON)


@pytest.mark.parametrize("roles", [[], ["queen"], ["reviewer", "queen"]])
def test_a_role_is_one_that_there_is(database: Database, roles: list[str]) -> None:
    with database.connection() as connection, pytest.raises(RoleUnknown):
        add_person(connection, "ada", roles, PASSWORD, NOON)


def test_a_name_is_given_once(ada: Database) -> None:
    with ada.connection() as connection, pytest.raises(PersonTaken, match="ada"):
        add_person(connection, "ada", ["admin"], PASSWORD, NOON)


def test_nobody_is_disabled_twice(ada: Database) -> None:
    with ada.connection() as connection:
        disable_person(connection, "ada", NOON)
        with pytest.raises(PersonUnknown, match="ada"):
            disable_person(connection, "ada", NOON)
