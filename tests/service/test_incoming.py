"""Rows in: acknowledged when durable, each once, the good ones kept when others are bad."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from grantguard.service import Limits
from grantguard.store.database import Database

Sender = Any
"""Of tests/conftest.py."""

NDJSON = {"Content-Type": "application/x-ndjson"}


def count(database: Database, table: str = "usage") -> int:
    with database.connection() as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 - a table's name
    assert found is not None
    return int(found[0])


def lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_what_is_acknowledged_is_there(sender: Sender, database: Database) -> None:
    answer = sender.post("ingest", "/v1/usage", [sender.event("ada", i) for i in range(5)])
    assert (answer.status_code, answer.json()) == (
        202, {"accepted": 5, "duplicate": 0, "rejected": [], "unlisted": 0},
    )  # fmt: skip
    assert count(database) == 5


def test_a_repeat_is_a_duplicate_and_changes_nothing(sender: Sender, database: Database) -> None:
    rows = [sender.event("ada", i) for i in range(5)]
    sender.post("ingest", "/v1/usage", rows)
    answer = sender.post("ingest", "/v1/usage", [*rows, sender.event("ada", 9)]).json()
    assert (answer["accepted"], answer["duplicate"]) == (1, 5)
    assert count(database) == 6


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        ({"credits": -1}, "/credits"),
        ({"credits": "NaN"}, "/credits"),
        ({"input_tokens": 1.5}, "/input_tokens"),
        ({"input_tokens": 10**400}, "/input_tokens"),
        ({"status": "done"}, "/status"),
        ({"occurred_at": "soon"}, "/occurred_at"),
        ({"occurred_at": "0000-01-01T00:00:00Z"}, "/occurred_at"),
        ({"session_id": "a\0b"}, "/session_id"),
        ({"session_id": {"a": 1}}, ""),
        ({"session_id": "\ud800"}, ""),
        ({"account_id": None}, "/account_id"),
    ],
)
def test_the_good_rows_are_kept_when_others_are_bad(
    sender: Sender, database: Database, bad: dict[str, Any], pointer: str
) -> None:
    rows = [sender.event("ada", 0), sender.event("ada", 1) | bad, sender.event("ada", 2)]
    answer = sender.post("ingest", "/v1/usage", content=json.dumps(rows))
    assert answer.status_code == 202
    assert [(each["index"], each["pointer"]) for each in answer.json()["rejected"]] == [(1, pointer)]
    assert count(database) == 2


def test_nan_in_the_body_is_a_bad_row(sender: Sender) -> None:
    text = json.dumps([sender.event("ada", 0, credits=float("nan"))])
    (rejected,) = sender.post("ingest", "/v1/usage", content=text).json()["rejected"]
    assert rejected["pointer"] == "/credits"


def test_usage_of_a_grant_of_another_account_is_refused(sender: Sender) -> None:
    sender.post("ingest", "/v1/grants", [sender.grant("bob")])
    rows = [sender.event("ada", 0), sender.event("ada", 1, grant_id="bob-g")]
    (rejected,) = sender.post("ingest", "/v1/usage", rows).json()["rejected"]
    assert (rejected["index"], rejected["pointer"]) == (1, "/grant_id")


def test_a_row_a_line_is_taken_too_and_a_broken_line_costs_itself(sender: Sender, database: Database) -> None:
    body = lines([sender.event("ada", 0)]) + b"{broken\n\n" + lines([sender.event("ada", 1)])
    answer = sender.post("ingest", "/v1/usage", content=body, headers=NDJSON).json()
    assert (answer["accepted"], [each["index"] for each in answer["rejected"]]) == (2, [1])
    assert count(database) == 2


def test_two_values_on_a_line_are_not_two_rows(sender: Sender) -> None:
    one = json.dumps(sender.event("ada", 0))
    answer = sender.post("ingest", "/v1/usage", content=f"{one},{one}\n{one}\n", headers=NDJSON).json()
    assert (answer["accepted"], [each["index"] for each in answer["rejected"]]) == (1, [0])


def test_lines_that_come_in_any_pieces_are_the_same_rows(sender: Sender, database: Database) -> None:
    body = lines([sender.event("ada", i) for i in range(40)])

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), 777):
            yield body[start : start + 777]

    answer = sender.post("ingest", "/v1/usage", content=pieces(), headers=NDJSON).json()
    assert (answer["accepted"], count(database)) == (40, 40)


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
def test_a_packed_body_is_taken(sender: Sender, kind: str) -> None:
    rows = [sender.event("ada", i) for i in range(300)]
    body = gzip.compress(json.dumps(rows).encode() if kind == "application/json" else lines(rows))
    headers = {"Content-Encoding": "gzip", "Content-Type": kind}
    answer = sender.post("ingest", "/v1/usage", content=body, headers=headers)
    assert answer.json()["accepted"] == 300


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(b"[1, 2, 3]" * 99, mtime=0)[:-9], b"", gzip.compress(b"[]", mtime=0)[:5]]
)
def test_a_body_that_is_not_the_gzip_that_it_says_is_a_problem(sender: Sender, body: bytes) -> None:
    answer = sender.post("ingest", "/v1/usage", content=body, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_body_that_says_itself_to_be_ten_gigabytes_is_refused_unread(sender: Sender) -> None:
    headers = {"Content-Length": "10000000000"}
    assert sender.post("ingest", "/v1/usage", content=iter([b"["]), headers=headers).status_code == 413


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"", b"nothing", b"\xff\xfe", b"1" * 5_000])
def test_a_body_that_is_no_json_is_a_problem(sender: Sender, body: bytes) -> None:
    answer = sender.post("ingest", "/v1/usage", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_body_that_is_no_array_is_a_problem(sender: Sender) -> None:
    assert sender.post("ingest", "/v1/usage", {"event_id": "e1"}).status_code == 422


def test_another_content_type_is_a_problem(sender: Sender) -> None:
    answer = sender.post("ingest", "/v1/usage", content=b"a,b", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 415


class TestSmallLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(most_stream=50_000, most_document=2_000, most_rows=3, rate=1e4, burst=10_000)

    def test_a_body_that_grows_too_large_is_refused(self, sender: Sender) -> None:
        row = lines([sender.event("ada", 0)])
        answer = sender.post("ingest", "/v1/usage", content=iter([row] * 500), headers=NDJSON)
        assert answer.status_code == 413

    def test_a_small_body_that_inflates_without_end_is_refused(self, sender: Sender) -> None:
        body = gzip.compress(b" " * 10_000_000)
        answer = sender.post("ingest", "/v1/usage", content=body, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 413

    def test_too_many_rows_at_once_are_refused(self, sender: Sender) -> None:
        rows = [sender.event("ada", i) for i in range(4)]
        assert sender.post("ingest", "/v1/usage", rows).status_code == 413

    def test_a_large_question_is_refused(self, sender: Sender) -> None:
        assert sender.post("risk", "/v1/risk/batch", {"account_ids": ["a" * 500] * 9}).status_code == 413


EVENT = {
    "specversion": "1.0", "id": "1", "source": "gateway", "type": "grantguard.usage", "subject": "ada",
    "time": "2025-05-09T10:00:00Z",
    "data": {"input_tokens": 9, "output_tokens": 4, "credits": 0.5, "category": "tool_use", "ip_address": "192.0.2.7"},
}  # fmt: skip


def test_a_cloud_event_is_usage(sender: Sender, database: Database) -> None:
    headers = {"Content-Type": "application/cloudevents+json"}
    answer = sender.post("ingest", "/api/v1/events", content=json.dumps(EVENT), headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert count(database) == 1


def test_no_raw_address_is_kept(sender: Sender, database: Database) -> None:
    sender.post("ingest", "/api/v1/events", [EVENT])
    with database.connection() as connection:
        (row,) = connection.execute("SELECT usage::text, ip_hash FROM usage").fetchall()
    assert "192.0.2.7" not in row[0]
    assert len(row[1]) == 64


def test_an_event_that_cannot_be_used_is_named_and_the_others_kept(sender: Sender, database: Database) -> None:
    answer = sender.post("ingest", "/api/v1/events", [EVENT, EVENT | {"id": "2", "subject": None}, EVENT | {"id": "3"}])
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/1/subject"]
    assert count(database) == 2


PAYLOAD = {
    "litellm_call_id": "c1", "status": "success", "startTime": 1746800000.0, "endTime": 1746800001.5,
    "prompt_tokens": 90, "completion_tokens": 40, "response_cost": 0.02, "model": "gpt-4o",
    "metadata": {"user_api_key_user_id": "ada", "user_api_key_hash": "k"},
}  # fmt: skip


def test_litellms_payloads_are_usage_and_what_is_bad_is_told_by_its_place(sender: Sender, database: Database) -> None:
    nobody = PAYLOAD | {"litellm_call_id": "c2", "metadata": {}}
    answer = sender.post("ingest", "/v1/sources/litellm", [nobody, PAYLOAD]).json()
    assert (answer["accepted"], [each["index"] for each in answer["rejected"]]) == (1, [0])
    assert count(database) == 1


def test_litellms_payload_that_checking_refuses_is_told_by_its_place_too(sender: Sender) -> None:
    strange = PAYLOAD | {"litellm_call_id": "c2", "startTime": 1000.0}
    (rejected,) = sender.post("ingest", "/v1/sources/litellm", [{}, strange]).json()["rejected"][1:]
    assert (rejected["index"], rejected["pointer"]) == (1, "/occurred_at")


@pytest.mark.parametrize("path", ["/v1/sources/litellm", "/api/v1/events"])
def test_a_body_of_a_source_that_is_no_json_is_a_problem(sender: Sender, path: str) -> None:
    assert sender.post("ingest", path, content=b"nothing").status_code == 400
