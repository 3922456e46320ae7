"""The console in a real browser: Debian's Chromium, where there is one; with CI=true it is an error if there is not."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any, Literal, cast

import polars as pl
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it publishes none
from fastapi import FastAPI
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    ViewportSize,
    expect,
    sync_playwright,
)
from standardwebhooks import Webhook

from grantguard.console import PREFIX, Office, create_console
from grantguard.console.guarding import SESSION
from grantguard.console.waiting import list_waiting
from grantguard.contract import INPUTS, Tables
from grantguard.figures import count_due
from grantguard.forest import unpack
from grantguard.jobs import Work
from grantguard.ledgers import open_webhook
from grantguard.policy import Rules
from grantguard.settlement import Charge, Desk, Judgement, appeal, judge, settle
from grantguard.sources.files import read
from grantguard.store.bundles import read_bundle
from grantguard.store.claims import claim, claimed_by
from grantguard.store.decisions import newest_decision
from grantguard.store.ingesting import ingest
from grantguard.store.people import ROLES, add_person
from grantguard.store.risks import find_risk, keep_risks
from grantguard.store.sessions import open_session
from grantguard.store.standing import find_standing
from grantguard.store.verdicts import verdicts_of
from grantguard.training import NAMES

Keep = Any
Serve = Any
"""Of tests/conftest.py."""

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)
PASSWORD = "correct horse battery"  # noqa: S105 - of the tests
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the tests
SOME = Rules(second_person_above=10.0)
ROOT = Path(__file__).parent.parent.parent
SHOWN = ROOT / "docs" / "console"
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)


class Switch:
    """What the one server of a module serves: the console of whichever test runs."""

    app: FastAPI

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Switch, str]]:
    switch = Switch()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(switch, log_level="critical", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        yield switch, address
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # As long as it runs nothing else in this thread can run a loop: a module's, and not a session's.
    if not CHROMIUM.exists():
        missing = f"there is no {CHROMIUM}: nothing of the console was seen in a browser"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield launched
        launched.close()


Sit = Callable[..., Page]


@pytest.fixture
def sit(browser: Browser, served: tuple[Switch, str], office: Office) -> Iterator[Sit]:
    """A page of a browser of somebody's own, logged in; whatever its console says in anger fails the test."""
    switch, address = served
    switch.app = FastAPI()
    switch.app.mount(PREFIX, create_console(office))
    contexts: list[BrowserContext] = []
    angry: list[str] = []
    with office.desk.database.connection() as connection:
        for name in ("grace", "alan"):
            add_person(connection, name, ["reviewer", "approver"], None, office.clock())
        add_person(connection, "root", ["reviewer", "approver", "admin"], None, office.clock())

    def open_page(name: str | None = None, **about: Any) -> Page:  # noqa: ANN401 - Playwright's options
        context = browser.new_context(base_url=address, viewport=WIDE, **about)
        context.set_default_timeout(10_000)
        contexts.append(context)
        if name is not None:
            with office.desk.database.connection() as connection:
                token = open_session(connection, name, office.clock())
            context.add_cookies([{"name": SESSION, "value": token, "url": f"{address}{PREFIX}"}])
        page = context.new_page()
        page.on("console", lambda said: angry.append(said.text) if is_angry(said, page) else None)
        page.on("pageerror", lambda error: angry.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert angry == []


def is_angry(said: ConsoleMessage, page: Page) -> bool:
    """Errors and warnings; that a page itself is not there is told in its own words."""
    return said.type in {"error", "warning"} and said.location["url"] != page.url


@pytest.fixture
def held(keep: Keep, office: Office) -> None:
    """Ada and bob are held for chargebacks, cora waits too."""
    for name in ("ada", "bob", "cora"):
        keep(name, chargebacks=int(name != "cora"), mail="the same" if name != "bob" else None)
    settle(office.desk, office.clock())


@pytest.fixture
def ring(held: None, office: Office) -> None:  # noqa: ARG001 - they are there
    """The three stand in one ring."""
    with office.desk.database.connection() as connection:
        rated = [find_risk(connection, name) for name in ("ada", "bob", "cora")]
        keep_risks(connection, [replace(each, ring_id="ring:ada") for each in rated if each is not None])


@pytest.fixture
def busy(ring: None, office: Office, keep: Keep) -> None:  # noqa: ARG001 - it is there
    """Something on every page: verdicts, an appeal, a revocation that waits, figures; notes as long as may be."""
    keep("dora", given_credits=500.0)
    appeal(office.desk.database, "ada", "It is my work. " * 200, "support", office.clock())
    said = Judgement(("bob", "dora"), None, "abuse", "burst_farming", "W" * 500)
    judge(office.desk, said, "grace", office.clock())
    count_due(office.desk, office.clock())


@pytest.mark.usefixtures("held")
def test_a_reviewer_logs_in_claims_reads_and_decides(sit: Sit, office: Office, serve: Serve) -> None:
    with office.desk.database.connection() as connection:
        add_person(connection, "ruth", ["reviewer"], PASSWORD, office.clock())
    page = sit()
    page.goto("/console/queue?action=hold")
    page.get_by_label("Name").fill("ruth")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Take the next account").click()
    name = page.get_by_role("heading", level=1).inner_text()
    expect(page.get_by_text("yours")).to_be_visible()
    expect(page.locator(".chart .main-svg").first).to_be_visible()
    page.keyboard.press("g")
    page.get_by_label("Note").fill("the bank was wrong")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name}: genuine")
    assert page.get_by_role("heading", level=1).inner_text() in {"ada", "bob"} - {name}
    with office.desk.database.connection() as connection:
        assert [(each.reviewer, each.note) for each in verdicts_of(connection, name)] == [
            ("ruth", "the bank was wrong")
        ]
        decision = newest_decision(connection, name)
        assert decision is not None
        assert decision.action == "allow"
        assert [each.decision_id for each in find_standing(connection, name)] == [decision.decision_id]
    assert {("grant.release", name), ("account.verdict", name)} <= deliver(office, serve)


def deliver(office: Office, serve: Serve) -> set[tuple[str, str]]:
    """Everything that waits for the ledger goes out, to a real server that checks signatures; what came to it."""
    came: set[tuple[str, str]] = set()

    def take(_: str, __: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        told = Webhook(SECRET).verify(body, headers)
        came.add((told["type"], told["data"]["account_id"]))
        return 200, {}, b""

    ledger = open_webhook(f"{serve(take)}/grants", [SECRET], allow_private=True)
    Work(office.desk, office.clock, ledger).deliver()
    return came


@pytest.mark.usefixtures("held")
def test_two_reviewers_at_once_get_two_accounts(sit: Sit, office: Office) -> None:
    grace, alan = sit("grace"), sit("alan")
    for page in (grace, alan):
        page.goto("/console/queue")
    for page in (grace, alan):
        page.evaluate("document.querySelector('[data-key=n]').requestSubmit()")
    for page in (grace, alan):
        page.wait_for_url("**/accounts/**")
    names = [page.get_by_role("heading", level=1).inner_text() for page in (grace, alan)]
    with office.desk.database.connection() as connection:
        claims = claimed_by(connection, ["ada", "bob", "cora"], office.clock())
    assert claims == dict(zip(names, ("grace", "alan"), strict=True))


def test_a_second_person_revokes(sit: Sit, keep: Keep, office: Office) -> None:
    keep("ada", given_credits=500.0)
    settle(office.desk, office.clock())
    grace, alan = sit("grace"), sit("alan")
    grace.goto("/console/accounts/ada")
    grace.get_by_role("radio", name="Abuse").check()
    grace.get_by_role("button", name="Decide").click()
    expect(grace.get_by_role("status")).to_contain_text("until a second person says so too")
    alan.goto("/console/confirm")
    alan.get_by_role("link", name="ada", exact=True).click()
    expect(alan.get_by_role("heading", name="What grace said")).to_be_visible()
    alan.get_by_role("button", name="Revoke 497").click()
    expect(alan.get_by_role("status")).to_contain_text("are revoked")
    with office.desk.database.connection() as connection:
        assert [each.action for each in find_standing(connection, "ada")] == ["revoke"]


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("with_script", [True, False])
def test_an_appeal_is_heard_and_the_grant_is_given_anew(
    sit: Sit, office: Office, serve: Serve, *, with_script: bool
) -> None:
    judge(office.desk, Judgement(("ada",), None, "abuse", None, "one of many"), "grace", office.clock())
    appeal(office.desk.database, "ada", "It is my work", "support", office.clock())
    page = sit("alan", java_script_enabled=with_script)
    page.goto("/console/appeals")
    page.get_by_role("link", name="ada", exact=True).click()
    expect(page.get_by_text("It is my work")).to_be_visible()
    page.get_by_label("Why").fill("she showed it")
    page.get_by_role("button", name="Overturn").click()
    expect(page.get_by_role("status")).to_contain_text("Overturned by alan")
    with office.desk.database.connection() as connection:
        assert [each.action for each in find_standing(connection, "ada")] == ["allow"]
        assert [each.verdict for each in verdicts_of(connection, "ada")] == ["genuine", "abuse"]
    assert ("grant.release", "ada") in deliver(office, serve)


@pytest.mark.usefixtures("ring")
def test_a_ring_is_judged_as_it_was_named(sit: Sit, office: Office) -> None:
    page = sit("grace")
    page.goto("/console/rings/ring%3Aada")
    expect(page.locator("svg.graph circle")).to_have_count(3)
    expect(page.locator(".chart .main-svg").first).to_be_visible()
    page.get_by_role("checkbox", name="Pick bob").check()
    page.get_by_role("checkbox", name="Pick cora").check()
    page.get_by_role("button", name="Judge those picked").click()
    expect(page.get_by_role("heading", name="One verdict for 2 accounts")).to_be_visible()
    page.keyboard.press("a")
    page.get_by_role("button", name="Decide about 2 accounts").click()
    expect(page.get_by_role("status")).to_contain_text("kept for 2 accounts")
    with office.desk.database.connection() as connection:
        assert [len(verdicts_of(connection, name)) for name in ("ada", "bob", "cora")] == [0, 1, 1]


@pytest.mark.usefixtures("held")
def test_all_of_it_goes_without_a_script(sit: Sit, office: Office) -> None:
    page = sit("grace", java_script_enabled=False)
    page.goto("/console/queue")
    page.get_by_role("link", name="ada", exact=True).click()
    page.get_by_text("Table: Spent share").click()
    expect(page.get_by_role("columnheader", name="days to half")).to_be_visible()
    page.get_by_role("radio", name="Compromised").check()
    page.get_by_role("button", name="Decide").click()
    with office.desk.database.connection() as connection:
        assert [each.verdict for each in verdicts_of(connection, "ada")] == ["compromised"]


@pytest.mark.usefixtures("held")
def test_keys_do_what_help_says(sit: Sit) -> None:
    page = sit("grace")
    page.goto("/console/queue")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    for key in ("j", "j", "k", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/accounts/**")
    page.keyboard.press("c")
    expect(page.get_by_text("yours")).to_be_visible()
    for key, name in (("g", "Genuine"), ("a", "Abuse"), ("m", "Compromised"), ("u", "Unsure")):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=name)).to_be_checked()
    page.get_by_label("Note").press("n")
    expect(page.get_by_label("Note")).to_have_value("n")


@pytest.mark.usefixtures("held")
def test_keys_work_while_the_charts_are_on_their_way(sit: Sit) -> None:
    page, held = sit("grace"), list[Route]()
    page.route("**/plotly.js*", lambda route: held.append(route))  # noqa: PLW0108 - it is inspected
    page.goto("/console/accounts/ada", wait_until="commit")
    expect(page.get_by_role("radio", name="Genuine")).to_be_visible()
    page.keyboard.press("g")
    expect(page.get_by_role("radio", name="Genuine")).to_be_checked()
    held[0].continue_()
    expect(page.locator(".chart .main-svg").first).to_be_visible()


@pytest.mark.usefixtures("held")
def test_the_queue_stays_fresh(sit: Sit, office: Office) -> None:
    page = sit("grace")
    page.clock.install()
    page.goto("/console/queue")
    with office.desk.database.connection() as connection:
        assert claim(connection, "ada", "alan", office.clock(), office.lapse)
    page.clock.fast_forward(16_000)
    expect(page.get_by_role("row", name="ada")).to_contain_text("alan")


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/queue",
        "/queue?action=revoke",
        "/accounts/ada",
        "/accounts/ada/events",
        "/confirm",
        "/accounts/nobody",
    ],
)
def test_nobody_is_kept_out_and_nothing_runs_over(sit: Sit, path: str) -> None:
    look_closely(sit(None if path == "/login" else "grace"), path)


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    "path",
    [
        "/rings/ring:ada",
        "/rings/ring:ada/verdict",
        "/confirm",
        "/confirm/dora",
        "/appeals",
        "/campaigns",
        "/campaigns/welcome",
        "/models",
        "/search?q=a",
        "/audit",
    ],
)
def test_nobody_is_kept_out_of_the_other_pages(sit: Sit, path: str) -> None:
    look_closely(sit("root"), path)


@pytest.mark.usefixtures("busy")
def test_nobody_is_kept_out_of_an_appeal(sit: Sit) -> None:
    page = sit("root")
    page.goto("/console/appeals")
    address = page.get_by_role("link", name="ada", exact=True).get_attribute("href") or ""
    look_closely(page, address.removeprefix("/console"))


def look_closely(page: Page, path: str) -> None:
    """No serious violation of axe-core's rules in either colour scheme; no page wider than a telephone."""
    page.goto(f"/console{path}")
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [(scheme, each["id"], [node["target"] for node in each["nodes"]][:5]) for each in serious(page)]
    assert found == []
    page.set_viewport_size(NARROW)
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def serious(page: Page) -> list[Any]:
    told = Axe().run(page).response["violations"]
    return [each for each in told if each["impact"] in {"serious", "critical"}]


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="pictures are taken by 'make screenshots' alone")
def test_every_page_is_seen_as_the_docs_show_it(sit: Sit, office: Office, served: tuple[Switch, str]) -> None:
    intake = read(ROOT / "data" / "sample", office.clock())
    newest = cast("datetime", intake.newest)
    bundle = unpack(read_bundle(ROOT / "models" / "default"), NAMES)
    desk = Desk(office.desk.database, Charge(bundle, office.shelf), SOME)
    seen = replace(office, clock=lambda: newest, desk=desk)
    account_id, rich, ring_id = furnish(seen, intake.tables)
    page = sit()
    served[0].app = FastAPI()
    served[0].app.mount(PREFIX, create_console(seen))
    with office.desk.database.connection() as connection:
        add_person(connection, "R. Marsh", ROLES, None, newest)
        token = open_session(connection, "R. Marsh", newest)
    page.context.add_cookies([{"name": SESSION, "value": token, "url": f"{served[1]}{PREFIX}"}])
    filed = appeal(seen.desk.database, rich, "", "gateway", newest)
    for name, path in {
        "queue": "/queue",
        "account": f"/accounts/{account_id}",
        "events": f"/accounts/{account_id}/events",
        "ring": f"/rings/{ring_id}",
        "ring-verdict": f"/rings/{ring_id}/verdict?verdict=abuse",
        "waiting": "/confirm",
        "confirm": f"/confirm/{rich}",
        "appeals": "/appeals",
        "appeal": f"/appeals/{filed.appeal_id}",
        "campaigns": "/campaigns",
        "campaign": "/campaigns/spring-launch",
        "models": "/models",
        "search": "/search?q=acc_3",
        "audit": "/audit",
    }.items():
        shoot(page, path, name)
    page.goto(f"/console/accounts/{rich}")
    page.locator("section:has(.chart)").screenshot(path=SHOWN / "account-credit.png")
    shoot(page, f"/accounts/{account_id}", "account-dark", scheme="dark")
    shoot(page, "/queue", "queue-dark", scheme="dark")
    shoot(page, "/queue", "queue-narrow", size=NARROW)
    shoot(page, f"/accounts/{account_id}", "account-narrow", size=NARROW)
    page.context.clear_cookies()
    shoot(page, "/login", "login")


def furnish(office: Office, tables: Tables) -> tuple[str, str, str]:
    """A store of all tables, scored, somebody asking for a revocation, everything counted; whom to look at.

    Whose revocation waits has more than one person may take back.
    """
    for table in INPUTS:
        with office.desk.database.connection() as connection:
            ingest(connection, table, getattr(tables, table.name), office.clock())
    while settle(office.desk, office.clock()):
        pass
    waiting = list_waiting(office.order, office.clock())
    first = waiting.row(0, named=True)["account_id"]
    many = pl.col("promo_credits_left") > office.desk.rules.second_person_above
    rich = waiting.filter(many).row(0, named=True)["account_id"]
    ring = waiting.filter(pl.col("ring_size") < 12).sort("ring_size", descending=True).row(0, named=True)["ring_id"]
    said = Judgement((rich,), None, "abuse", "hydra for distillation", "One script in four accounts.")
    judge(office.desk, said, "grace", office.clock())
    appeal(
        office.desk.database, rich, "I study at night and pay next month. Please look again.", "gateway", office.clock()
    )
    count_due(office.desk, office.clock())
    office.order.listed = None
    return first, rich, ring


def shoot(
    page: Page, path: str, name: str, *, scheme: Literal["light", "dark"] = "light", size: ViewportSize = WIDE
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"/console{path}")
    for chart in page.locator(".chart[data-figure]").all():
        expect(chart.locator(".main-svg").first).to_be_attached()
    SHOWN.mkdir(exist_ok=True)
    page.screenshot(path=SHOWN / f"{name}.png")
