"""People are let into the console, listed and disabled at the command line; no password is ever an argument."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner, Result

from grantguard.cli import app
from grantguard.cli.people import let_in_once
from grantguard.errors import PasswordWeak
from grantguard.store.database import Database
from grantguard.store.people import list_people, recognize
from grantguard.store.sessions import accept

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"  # noqa: S105 - of the tests


def run(database: Database, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["people", *words], input=typed, env={"GRANTGUARD_DATABASE_URL": database.url})


def test_a_password_comes_by_standard_input(database: Database) -> None:
    told = run(database, "add", "ada", "--role", "reviewer", "--role", "approver", typed=f"{PASSWORD}\n")
    assert told.exit_code == 0
    assert PASSWORD not in told.output
    with database.statement() as connection:
        found = recognize(connection, "ada", PASSWORD, NOON)
    assert found is not None
    assert found.roles == ("reviewer", "approver")


def test_without_a_password_nobody_is_added(database: Database) -> None:
    assert isinstance(run(database, "add", "ada", "--role", "reviewer", typed="").exception, PasswordWeak)
    with database.connection() as connection:
        assert list_people(connection) == ()


def test_whoever_is_disabled_is_listed_so(database: Database) -> None:
    run(database, "add", "ada", "--role", "admin", typed=f"{PASSWORD}\n")
    assert "may come in" in run(database, "list").output
    assert run(database, "disable", "ada").exit_code == 0
    assert "disabled" in run(database, "list").output


@pytest.mark.parametrize("times", [1, 2])
def test_the_demonstration_lets_one_person_of_every_role_in_by_a_link(database: Database, times: int) -> None:
    tokens = [let_in_once(database, "demo", NOON) for _ in range(times)]
    with database.connection() as connection:
        assert [accept(connection, token, NOON) for token in tokens] == ["demo"] * times
        (person,) = list_people(connection)
    assert person.roles == ("reviewer", "approver", "admin")
