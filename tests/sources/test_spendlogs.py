"""LiteLLM's table of requests: nothing is missed between two pulls, and a pushed call is the same event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from grantguard.sources.converted import Row
from grantguard.sources.hashing import Hasher
from grantguard.sources.litellm import read_payloads
from grantguard.sources.mapping import Mapping
from grantguard.sources.spendlogs import BEGINNING, Cursor, as_payload, pull

SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "litellm_spendlogs_row.json"
HASHER = Hasher(b"a secret for these tests")
MAPPING = Mapping(default_category="standard_chat")
START = datetime(2026, 11, 24, 2, 14, 59, 487_000, tzinfo=UTC)


@pytest.fixture
def gateway(gateway_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the gateway's database whose clock is not set to UTC."""
    with psycopg.connect(gateway_url, autocommit=True) as connection:
        connection.execute("SET timezone = 'Asia/Kathmandu'")
        yield connection


def log(gateway: psycopg.Connection[Any], request_id: str, after: float = 0, **changes: Any) -> None:  # noqa: ANN401
    """A row as LiteLLM writes it, that began so many seconds after ``START``."""
    began = (START + timedelta(seconds=after)).replace(tzinfo=None)
    metadata = {
        "user_agent": "OpenAI/Python 1.99.1",
        "user_api_key": "88dc28d0",
        "user_api_key_user_id": "a1",
        "spend_logs_metadata": {"grant_id": "g1"},
        "model_map_information": {"model_map_value": {"mode": "chat"}},
    }
    row = {
        "request_id": request_id,
        "call_type": "acompletion",
        "api_key": "88dc28d0",
        "spend": 0.5,
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "startTime": began,
        "endTime": began + timedelta(milliseconds=35),
        "model": "openai/gpt-4o-mini",
        "model_group": "mock-gpt",
        "user": "a1",
        "metadata": json.dumps(metadata | changes.pop("metadata", {})),
        "cache_hit": "None",
        "end_user": "whoever",
        "requester_ip_address": "203.0.113.7",
        "session_id": "sess-9",
        "status": "success",
        "litellm_call_id": f"call-{request_id}",
    } | changes
    names = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(["%s"] * len(row))
    line = f'INSERT INTO "LiteLLM_SpendLogs" ({names}) VALUES ({values})'  # noqa: S608 - names of our own
    gateway.execute(line.encode(), list(row.values()))


def pull_all(
    gateway: psycopg.Connection[Any],
    after: Cursor = BEGINNING,
    rows: int = 2,
    overlap: timedelta = timedelta(0),
) -> tuple[list[Row], Cursor]:
    found: list[Row] = []
    for page in pull(gateway, MAPPING, HASHER, after, rows=rows, overlap=overlap):
        assert page.converted.rejected == []
        found += page.converted.usage
        after = page.cursor
    return found, after


def ids(rows: list[Row]) -> list[str]:
    return [row["event_id"] for row in rows]


def test_a_row_is_usage(gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r1")
    assert pull_all(gateway)[0] == [
        {
            "event_id": "call-r1",
            "account_id": "a1",
            "occurred_at": "2026-11-24T02:14:59.487000Z",
            "category": "standard_chat",
            "input_tokens": 10,
            "output_tokens": 20,
            "credits": 0.5,
            "grant_id": "g1",
            "status": "ok",
            "latency_ms": 35,
            "session_id": "sess-9",
            "client": "OpenAI/Python",
            "model": "mock-gpt",
            "ip_hash": HASHER.address("203.0.113.7"),
            "ip_prefix_hash": HASHER.prefix("203.0.113.7"),
        }
    ]


@pytest.mark.parametrize("microseconds", [0, 203, 500, 797])
def test_a_pushed_call_and_its_row_are_the_same_event(gateway: psycopg.Connection[Any], microseconds: int) -> None:
    after = timedelta(microseconds=microseconds)
    log(gateway, "r1", after=after.total_seconds())
    pushed = {
        "id": "chatcmpl-1",
        "litellm_call_id": "call-r1",
        "startTime": (START + after).timestamp(),
        "metadata": {"user_api_key_user_id": "a1"},
        "response_cost": 0.5,
        "prompt_tokens": 10,
        "completion_tokens": 20,
    }
    by_push = read_payloads([pushed], MAPPING, HASHER).usage[0]
    by_pull = pull_all(gateway)[0][0]
    identity = ("account_id", "occurred_at", "event_id")
    assert [by_push[name] for name in identity] == [by_pull[name] for name in identity]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(gateway: psycopg.Connection[Any]) -> None:
    for number in range(7):
        log(gateway, f"r{number}", after=number // 3)
    assert ids(pull_all(gateway, rows=2)[0]) == [f"call-r{number}" for number in range(7)]


def test_an_empty_table_has_no_page(gateway: psycopg.Connection[Any]) -> None:
    assert pull_all(gateway) == ([], BEGINNING)


def test_the_next_pull_goes_on_where_the_last_one_stopped(gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r1")
    _, cursor = pull_all(gateway)
    log(gateway, "r2", after=60)
    assert ids(pull_all(gateway, cursor)[0]) == ["call-r2"]


def test_a_request_that_was_written_late_is_not_missed(gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r2", after=60)
    _, cursor = pull_all(gateway)
    log(gateway, "r1", after=0)
    assert "call-r1" in ids(pull_all(gateway, cursor, overlap=timedelta(minutes=2))[0])


def test_a_cursor_never_goes_back(gateway: psycopg.Connection[Any]) -> None:
    for number in range(4):
        log(gateway, f"r{number}", after=number)
    _, cursor = pull_all(gateway)
    first = next(pull(gateway, MAPPING, HASHER, cursor, rows=1, overlap=timedelta(minutes=2)))
    assert first.cursor == cursor


def test_a_pull_leaves_no_transaction_open(gateway_url: str, gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r1")
    with psycopg.connect(gateway_url) as own:
        next(pull(own, MAPPING, HASHER))
        assert own.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_the_call_may_be_named_in_the_metadata_alone(gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r1", litellm_call_id=None, metadata={"litellm_call_id": "call-m"})
    assert ids(pull_all(gateway)[0]) == ["call-m"]


def test_a_row_without_metadata_still_has_its_owner(gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r1", metadata={"user_api_key_user_id": None})
    assert pull_all(gateway)[0][0]["account_id"] == "a1"


@pytest.mark.parametrize("metadata", [None, "[]", '"text"'])
def test_metadata_that_are_no_object_say_nothing(gateway: psycopg.Connection[Any], metadata: str | None) -> None:
    log(gateway, "r1")
    gateway.execute('UPDATE "LiteLLM_SpendLogs" SET metadata = %s', [metadata])
    assert "grant_id" not in pull_all(gateway)[0][0]


def test_an_old_row_without_a_status_was_a_success(gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r1", status=None)
    assert pull_all(gateway)[0][0]["status"] == "ok"


def test_an_error_is_told_in_the_metadata(gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r1", status="failure", spend=0, metadata={"error_information": {"error_code": "499"}})
    assert pull_all(gateway)[0][0]["status"] == "cancelled"


def test_the_master_keys_rows_are_nobodys(gateway: psycopg.Connection[Any]) -> None:
    log(gateway, "r1", api_key="litellm_proxy_master_key")
    page = next(pull(gateway, MAPPING, HASHER))
    assert [each.pointer for each in page.converted.rejected] == ["/metadata/user_api_key_hash"]


@pytest.mark.skipif(not SAMPLE.exists(), reason="the recorded samples are not at hand")
def test_a_recorded_row_is_read() -> None:
    row = json.loads(SAMPLE.read_text())
    row |= {name: datetime.fromisoformat(row[name]) for name in ("startTime", "endTime")}
    mapping = Mapping(account_from="end_user", default_category="standard_chat")
    assert [each["account_id"] for each in read_payloads([as_payload(row)], mapping, HASHER).usage] == ["acct_0001"]
