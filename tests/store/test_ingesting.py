"""What is sent is kept once, however often it is sent, and marks the accounts that it brings news of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from grantguard.contract import ACCOUNTS, BILLING, CAMPAIGNS, GRANTS, LABELS, USAGE, Table, complete_columns
from grantguard.store.database import Database
from grantguard.store.ingesting import Received, ingest, owners_of
from grantguard.store.reading import read_tables
from grantguard.worlds import World

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


def rows(table: Table, *told: dict[str, object]) -> pl.DataFrame:
    frame = pl.DataFrame(list(told), infer_schema_length=None)
    return complete_columns(frame, table)


def event(event_id: str = "e1", **told: object) -> dict[str, object]:
    usual = {"account_id": "ada", "occurred_at": NOON, "category": "tool_use", "status": "ok", "credits": 1.5}
    return usual | {"event_id": event_id, "input_tokens": 10, "output_tokens": 20} | told


def account(**told: object) -> dict[str, object]:
    return {"account_id": "ada", "created_at": NOON, "plan": "free"} | told


def grant(**told: object) -> dict[str, object]:
    usual = {"campaign": "spring", "kind": "starter", "granted_at": NOON, "credits": 100.0}
    return usual | {"grant_id": "g1", "account_id": "ada"} | told


def send(database: Database, table: Table, *told: dict[str, object], now: datetime = NOON) -> Received:
    with database.connection() as connection:
        return ingest(connection, table, rows(table, *told), now)


def kept(database: Database, *account_ids: str) -> pl.DataFrame:
    return read_tables(database, list(account_ids or ("ada",))).usage


def marked(database: Database) -> list[tuple[str, str]]:
    with database.statement() as connection:
        return connection.execute("SELECT account_id, reason FROM marks ORDER BY 1").fetchall()


def test_a_world_comes_back_as_it_was_sent(database: Database, world: World) -> None:
    tables = world.tables
    for table in (ACCOUNTS, GRANTS, USAGE, BILLING, CAMPAIGNS):
        with database.connection() as connection:
            ingest(connection, table, getattr(tables, table.name), NOON)
    back = read_tables(database, tables.accounts["account_id"].to_list())
    for table in (ACCOUNTS, GRANTS, USAGE, BILLING, CAMPAIGNS):
        sent, got = getattr(tables, table.name), getattr(back, table.name)
        assert got.sort(table.identity).equals(sent.sort(table.identity)), table.name


def test_text_comes_back_letter_by_letter(database: Database) -> None:
    strange = ["tab\there", "line\nbreak", "back\\slash", "\\N", "\\.", 'quo"te', "comma,", "\r", "é—日本", "  "]
    send(database, USAGE, *(event(f"e{i}", model=text) for i, text in enumerate(strange)))
    assert kept(database).sort("event_id")["model"].to_list() == strange


def test_a_repeat_is_counted_and_changes_nothing(database: Database) -> None:
    send(database, USAGE, event())
    assert send(database, USAGE, event(credits=9.0), event("e2")) == Received(accepted=1, duplicate=1)
    assert kept(database).sort("event_id")["credits"].to_list() == [1.5, 1.5]


def test_a_repeat_within_a_batch_is_counted(database: Database) -> None:
    assert send(database, USAGE, event(), event()) == Received(accepted=1, duplicate=1)


def test_two_batches_in_one_transaction_are_both_kept(database: Database) -> None:
    with database.connection() as connection:
        ingest(connection, USAGE, rows(USAGE, event("e1")), NOON)
        second = ingest(connection, USAGE, rows(USAGE, event("e2")), NOON)
    assert second == Received(accepted=1, duplicate=0)


@pytest.mark.parametrize(
    ("first", "then", "finally_"),
    [
        ("ok", "refunded", "refunded"),
        ("refunded", "ok", "refunded"),
        ("error", "refunded", "error"),
        ("ok", "error", "ok"),
    ],
)
def test_only_what_was_ok_becomes_refunded(database: Database, first: str, then: str, finally_: str) -> None:
    send(database, USAGE, event(status=first))
    send(database, USAGE, event(status=then))
    assert kept(database)["status"].to_list() == [finally_]


def test_a_refund_marks_the_account(database: Database) -> None:
    send(database, USAGE, event())
    with database.connection() as connection:
        connection.execute("DELETE FROM marks")
    send(database, USAGE, event(status="refunded"))
    assert marked(database) == [("ada", "usage")]


def test_news_marks_its_accounts_once_each(database: Database) -> None:
    send(database, USAGE, event("e1"), event("e2"), event("e3", account_id="bo"))
    assert marked(database) == [("ada", "usage"), ("bo", "usage")]


def test_a_mere_repeat_marks_nobody(database: Database) -> None:
    send(database, USAGE, event())
    with database.connection() as connection:
        connection.execute("DELETE FROM marks")
    send(database, USAGE, event())
    assert marked(database) == []


def test_a_newer_account_tells_it_better(database: Database) -> None:
    send(database, ACCOUNTS, account(email_domain="example.org"))
    assert send(database, ACCOUNTS, account(plan="pro")) == Received(accepted=1, duplicate=0)
    told = read_tables(database, ["ada"]).accounts.row(0, named=True)
    assert (told["plan"], told["email_domain"]) == ("pro", "example.org")


def test_an_account_that_tells_nothing_new_is_a_duplicate(database: Database) -> None:
    send(database, ACCOUNTS, account(email_domain="example.org"))
    assert send(database, ACCOUNTS, account()) == Received(accepted=0, duplicate=1)


def test_of_accounts_in_one_batch_the_last_known_value_holds(database: Database) -> None:
    send(database, ACCOUNTS, account(email_domain="example.org"), account(plan="pro"))
    told = read_tables(database, ["ada"]).accounts.row(0, named=True)
    assert (told["plan"], told["email_domain"]) == ("pro", "example.org")


def test_the_first_grant_of_its_name_holds(database: Database) -> None:
    send(database, GRANTS, grant())
    assert send(database, GRANTS, grant(credits=9_999.0)) == Received(accepted=0, duplicate=1)
    assert read_tables(database, ["ada"]).grants["credits"].to_list() == [100.0]


def test_the_owners_of_known_grants_are_told(database: Database) -> None:
    send(database, GRANTS, grant(), grant(grant_id="g2", account_id="bo"))
    with database.statement() as connection:
        assert owners_of(connection, ["g1", "g2", "g3"]) == {"g1": "ada", "g2": "bo"}


def test_a_campaign_marks_nobody(database: Database) -> None:
    send(database, CAMPAIGNS, {"campaign": "spring", "kind": "launch"})
    assert marked(database) == []


def test_a_verdict_on_a_ring_is_kept_and_read_by_all(database: Database) -> None:
    send(database, LABELS, {"ring_id": "r1", "label": "abuse", "labelled_at": NOON})
    send(database, LABELS, {"ring_id": "r1", "label": "abuse", "labelled_at": NOON})
    assert read_tables(database, ["anybody"]).labels["ring_id"].to_list() == ["r1"]


def test_a_batch_without_rows_is_nothing(database: Database) -> None:
    with database.connection() as connection:
        assert ingest(connection, USAGE, USAGE.empty(), NOON) == Received(0, 0)


def test_what_was_undone_was_never_kept(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.connection() as connection:
        ingest(connection, USAGE, rows(USAGE, event()), NOON).accepted / 0
    assert kept(database).is_empty()
    assert marked(database) == []


def test_the_same_rows_from_many_at_once_are_kept_once(database: Database) -> None:
    batch = [event(f"e{i}", account_id=f"a{i % 7}", occurred_at=NOON - timedelta(days=i)) for i in range(300)]
    with ThreadPoolExecutor(4) as pool:
        received = list(pool.map(lambda turn: send(database, USAGE, *(batch[turn:] + batch[:turn])), range(8)))
    assert sum(each.accepted for each in received) == 300
    assert len(kept(database, *(f"a{i}" for i in range(7)))) == 300
