"""Attacks on the console, each refused: forged forms, others' roles, guessed ids, scripts in what senders send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from grantguard.console import PREFIX, Office, create_console
from grantguard.console.guarding import sign
from grantguard.console.pages import PAGES
from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE, Tables
from grantguard.settlement import Judgement, judge, settle
from grantguard.store.ingesting import ingest
from grantguard.store.verdicts import verdicts_of

Keep = Any
Visit = Any
"""Of tests/conftest.py."""

EVIL = "<script>alert(1)</script>'\"><img src=x onerror=alert(2)>{{ 7 * 7 }}"


def routes(method: str) -> list[str]:
    """Every route of a method that needs somebody to be logged in, with an account in place of its name."""
    app = create_console(None)  # type: ignore[arg-type]  # nothing is asked of the office
    included = (route for each in app.routes for route in each.original_router.routes)  # type: ignore[attr-defined]
    found = (route.path for route in included if method in route.methods)
    shut = (path for path in found if not path.startswith(("/login", "/enter", "/static", "/logout")) and path != "/")
    return [path.replace("{account_id:path}", "ada") for path in shut]


@pytest.mark.parametrize("path", routes("GET"))
def test_whoever_has_not_logged_in_sees_no_page(visit: Visit, path: str) -> None:
    seat = visit("grace")
    seat.client.cookies.clear()
    assert seat.get(path).headers["location"].startswith("/console/login")


@pytest.mark.parametrize("path", routes("POST"))
def test_a_form_that_was_not_made_here_is_refused(visit: Visit, path: str) -> None:
    for name in ("alan", "root"):
        answer = visit(name).client.post(f"{PREFIX}{path}", data={"verdict": "abuse", "csrf": "0" * 64})
        assert answer.status_code == 403
        assert "not made here" in answer.text


@pytest.mark.parametrize("path", routes("POST"))
def test_a_form_of_another_session_is_refused(visit: Visit, path: str) -> None:
    alan, other = visit("alan"), visit("grace")
    answer = alan.client.post(f"{PREFIX}{path}", data={"verdict": "abuse", "csrf": sign(other.token)})
    assert answer.status_code == 403


def test_a_forged_form_decides_nothing(visit: Visit, keep: Keep, office: Office) -> None:
    keep("ada")
    visit("grace").client.post(f"{PREFIX}/accounts/ada/decide", data={"verdict": "abuse"})
    with office.desk.database.connection() as connection:
        assert verdicts_of(connection, "ada") == ()


@pytest.mark.parametrize("path", ["/queue", "/accounts/ada", "/accounts/ada/events", "/confirm"])
def test_an_admin_reviews_nothing(visit: Visit, path: str) -> None:
    assert visit("root").get(path).status_code == 403


@pytest.mark.parametrize("path", ["/confirm"])
def test_a_reviewer_sees_no_page_of_an_approver(visit: Visit, path: str) -> None:
    assert visit("grace").get(path).status_code == 403


@pytest.mark.parametrize("path", ["/accounts/ada/confirm", "/accounts/ada/decline"])
def test_a_reviewer_confirms_nothing(visit: Visit, path: str) -> None:
    assert visit("grace").post(path).status_code == 403


def test_an_admin_decides_nothing(visit: Visit, keep: Keep) -> None:
    keep("ada")
    assert visit("root").post("/accounts/ada/decide", verdict="abuse").status_code == 403


def test_navigation_leads_only_where_one_may_go(visit: Visit) -> None:
    page = visit("grace").get("/queue").text
    wanted = {address for _, address, roles in PAGES if "reviewer" in roles}
    assert {address for _, address, _ in PAGES if f'href="{PREFIX}{address}"' in page} == wanted


@pytest.mark.parametrize(
    "path",
    ["/accounts/nobody", "/accounts/nobody/events", "/accounts/..%2f..%2fsecret", "/accounts/%00", "/queue?done=%00"],
)
def test_a_guessed_id_tells_nothing(visit: Visit, path: str) -> None:
    assert visit("grace").get(path).status_code == 404


def test_a_guessed_file_is_not_there(visit: Visit) -> None:
    assert visit("grace").get("/static/..%2fconsole.css").status_code == 404


@pytest.fixture
def evil(office: Office) -> None:
    """An account whose every string is a script."""
    now = office.clock()
    opened = now - timedelta(days=2)
    text: dict[str, Any] = {name: EVIL for name, dtype in ACCOUNTS.schema.items() if dtype == pl.String}
    event: dict[str, Any] = {name: EVIL for name, dtype in USAGE.schema.items() if dtype == pl.String}
    event |= {"category": "standard_chat", "status": "ok", "funding": None, "input_tokens": 5, "output_tokens": 5}
    tables = Tables.of(
        accounts=pl.DataFrame([text | {"created_at": opened}, text | {"created_at": opened, "account_id": "twin"}]),
        grants=pl.DataFrame(
            [
                {
                    "grant_id": EVIL,
                    "account_id": EVIL,
                    "campaign": EVIL,
                    "kind": EVIL,
                    "granted_at": opened,
                    "credits": 9.0,
                }
            ]
        ),
        usage=pl.DataFrame(
            [
                event | {"event_id": f"{EVIL}{i}", "occurred_at": opened + timedelta(minutes=i), "credits": 0.1}
                for i in range(30)
            ]
        ),
        billing=pl.DataFrame(
            [{"billing_id": EVIL, "account_id": EVIL, "occurred_at": opened, "kind": "chargeback", "amount_usd": 3.0}]
        ),
    )
    for table in (ACCOUNTS, GRANTS, USAGE, BILLING):
        with office.desk.database.connection() as connection:
            ingest(connection, table, getattr(tables, table.name), now)
    settle(office.desk, office.clock())


@pytest.mark.usefixtures("evil")
@pytest.mark.parametrize("path", ["/queue", "/accounts/{}", "/accounts/{}/events"])
def test_a_script_that_a_sender_sent_is_shown_and_not_run(
    visit: Visit, office: Office, path: str, quoted: Callable[[str], str]
) -> None:
    judge(office.desk, Judgement(("twin",), None, "genuine", EVIL, EVIL), EVIL, office.clock())
    answer = visit("grace").get(path.format(quoted(EVIL)))
    assert answer.status_code == 200
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text
    assert "<img" not in answer.text
    assert "onerror=alert(2)>" not in answer.text


def test_a_page_forbids_every_script_but_its_own(visit: Visit) -> None:
    policy = visit("grace").get("/queue").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_a_fault_forbids_them_too(visit: Visit) -> None:
    assert "script-src 'self'" in visit("grace").get("/nowhere").headers["content-security-policy"]


def test_no_page_is_kept_by_a_browser(visit: Visit) -> None:
    assert visit("grace").get("/queue").headers["cache-control"] == "no-store"


def test_everybody_begins_where_they_may(visit: Visit) -> None:
    places = {name: visit(name).get("/").headers["location"] for name in ("grace", "root")}
    assert places == {"grace": "/console/queue", "root": "/console/campaigns"}
