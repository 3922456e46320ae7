"""Coming in: by a password or by a link that opens once; and every way that stays shut."""

from __future__ import annotations

from typing import Any

import pytest

from grantguard.console import Office
from grantguard.console.guarding import PREFIX, SESSION, VISIT, lead_back, sign
from grantguard.store.people import MOST_FAILURES, add_person, disable_person
from grantguard.store.sessions import INVITED_FOR, LASTS, find_session, invite

Visit = Any
"""Of tests/conftest.py."""

PASSWORD = "correct horse battery"  # noqa: S105 - of the tests


@pytest.fixture
def ada(visit: Visit, office: Office) -> Visit:
    """A browser before log-in, of ada who has a password."""
    with office.desk.database.connection() as connection:
        add_person(connection, "ada", ["reviewer"], PASSWORD, office.clock())
    seat = visit("grace")
    seat.client.cookies.clear()
    return seat


def log_in(seat: Any, name: str = "ada", password: str = PASSWORD, **more: str) -> Any:  # noqa: ANN401 - an answer
    seat.get("/login")
    said = {"csrf": sign(seat.client.cookies[VISIT]), "name": name, "password": password} | more
    return seat.client.post(f"{PREFIX}/login", data=said)


def test_a_password_opens_the_queue(ada: Visit) -> None:
    assert log_in(ada).headers["location"] == "/console/"
    assert ada.get("/").headers["location"] == "/console/queue"
    assert ada.get("/queue").status_code == 200


def test_another_password_opens_nothing(ada: Visit) -> None:
    assert log_in(ada, password="another password").status_code == 401  # noqa: S106
    assert ada.get("/queue").headers["location"].startswith("/console/login")


def test_whoever_is_not_there_is_told_what_everybody_is(ada: Visit) -> None:
    wrong, nobody = log_in(ada, password="another password"), log_in(ada, name="nobody")  # noqa: S106
    assert (wrong.status_code, wrong.text) == (nobody.status_code, nobody.text)


def test_after_failures_the_right_password_opens_nothing_for_a_while(ada: Visit, office: Office) -> None:
    with office.desk.database.connection() as connection:
        for _ in range(MOST_FAILURES):
            connection.execute("INSERT INTO failures VALUES ('ada', %s)", [office.clock()])
    assert log_in(ada).status_code == 401
    with office.desk.database.connection() as connection:
        connection.execute("UPDATE failures SET at = at - interval '20 minutes'")
    assert log_in(ada).status_code == 303


def test_a_failure_is_counted(ada: Visit, office: Office) -> None:
    log_in(ada, password="another password")  # noqa: S106
    with office.desk.database.connection() as connection:
        assert connection.execute("SELECT name FROM failures").fetchall() == [("ada",)]


def test_log_in_leads_back_to_the_page_that_was_asked_for(ada: Visit) -> None:
    to = ada.get("/queue?action=hold").headers["location"]
    assert to == "/console/login?next=/console/queue%3Faction%3Dhold"
    assert log_in(ada, next="/console/queue?action=hold").headers["location"] == "/console/queue?action=hold"


@pytest.mark.parametrize(
    "to", ["https://example.net/", "//example.net", "/console/\\\\x", "/v1/queue", "javascript:1", ""]
)
def test_log_in_leads_nowhere_else(to: str) -> None:
    assert lead_back(to) == "/console/"


def test_a_session_that_was_planted_does_not_become_the_persons(ada: Visit) -> None:
    ada.client.cookies.set(SESSION, "planted", path=PREFIX)
    given = log_in(ada).headers.get_list("set-cookie")
    assert f"{SESSION}=" in given[0]
    assert "planted" not in given[0]


def test_each_log_in_has_a_session_of_its_own(ada: Visit) -> None:
    log_in(ada)
    first = ada.token
    log_in(ada)
    assert ada.token != first


def test_a_session_ends(visit: Visit, office: Office) -> None:
    seat = visit("grace")
    with office.desk.database.connection() as connection:
        assert find_session(connection, seat.token, office.clock() + LASTS) is None


def test_log_out_ends_the_session(visit: Visit, office: Office) -> None:
    seat = visit("grace")
    token = seat.token
    seat.post("/logout")
    with office.desk.database.connection() as connection:
        assert find_session(connection, token, office.clock()) is None


def test_whoever_is_disabled_is_out_at_once(visit: Visit, office: Office) -> None:
    seat = visit("grace")
    with office.desk.database.connection() as connection:
        disable_person(connection, "grace", office.clock())
    assert seat.get("/queue").status_code == 303


def test_no_script_reads_the_cookie_and_no_other_site_sends_it(ada: Visit) -> None:
    told = log_in(ada).headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told


def test_over_https_the_cookie_stays_there(ada: Visit) -> None:
    assert "secure" in ada.client.get(f"https://testserver{PREFIX}/login").headers["set-cookie"].lower()


def test_a_link_opens_once(ada: Visit, office: Office) -> None:
    with office.desk.database.connection() as connection:
        token = invite(connection, "ada", office.clock())
    ada.get(f"/enter/{token}")
    csrf = {"csrf": sign(ada.client.cookies[VISIT])}
    assert ada.client.post(f"{PREFIX}/enter/{token}", data=csrf).headers["location"] == "/console/"
    ada.get(f"/enter/{token}")
    csrf = {"csrf": sign(ada.client.cookies[VISIT])}
    assert ada.client.post(f"{PREFIX}/enter/{token}", data=csrf).status_code == 403


def test_a_link_grows_too_old(ada: Visit, office: Office) -> None:
    with office.desk.database.connection() as connection:
        token = invite(connection, "ada", office.clock() - INVITED_FOR)
    ada.get(f"/enter/{token}")
    csrf = {"csrf": sign(ada.client.cookies[VISIT])}
    assert ada.client.post(f"{PREFIX}/enter/{token}", data=csrf).status_code == 403


def test_a_log_in_that_another_site_forged_is_refused(ada: Visit) -> None:
    said = {"name": "ada", "password": PASSWORD, "csrf": "x"}
    assert ada.client.post(f"{PREFIX}/login", data=said).status_code == 403
