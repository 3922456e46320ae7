"""``grantguard pull``: every request of the gateway's table is in the store once, and its URL is nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from grantguard.store.database import Database

START = datetime(2025, 5, 10, 12)  # noqa: DTZ001 - the table's times bear no offset
LINE = """
    INSERT INTO "LiteLLM_SpendLogs" (request_id, litellm_call_id, call_type, api_key, "user", spend, prompt_tokens,
                                     completion_tokens, "startTime", "endTime", model, status)
    SELECT 'r' || lpad(i::text, 6, '0'), 'c' || i, 'acompletion', %(key)s, 'ada', 0.5, 10, 20,
           began, began, 'gpt-4o-mini', 'success'
    FROM (SELECT i, %(start)s + i * interval '10 ms' AS began FROM generate_series(1, %(requests)s) AS i) AS drawn
"""


def log(gateway_url: str, requests: int, start: datetime = START, key: str = "88dc28d0") -> None:
    """So many requests, a hundred a second."""
    with psycopg.connect(gateway_url) as gateway:
        gateway.execute(LINE, {"key": key, "start": start, "requests": requests})


@pytest.fixture
def environment(database: Database, tmp_path: Path) -> dict[str, str]:
    told = {"HOME": tmp_path, "DATABASE_URL": database.url, "MAPPING": '{"default_category": "standard_chat"}'}
    return os.environ | {f"GRANTGUARD_{name}": str(value) for name, value in told.items()}


def pull(environment: dict[str, str], url: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grantguard", "pull", "--from", url, *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours


def ask(database: Database, query: str) -> list[Any]:
    with database.connection() as connection:
        return connection.execute(query.encode()).fetchall()


def count(database: Database) -> int:
    return len(ask(database, "SELECT FROM usage"))


def test_every_request_is_in_the_store_once(database: Database, gateway_url: str, environment: dict[str, str]) -> None:
    log(gateway_url, 2_500)
    for _ in range(2):
        done = pull(environment, gateway_url)
        assert (done.returncode, done.stdout) == (0, "")
        assert count(database) == 2_500


def test_the_next_pull_goes_on_from_the_kept_cursor(
    database: Database, gateway_url: str, environment: dict[str, str]
) -> None:
    log(gateway_url, 10)
    pull(environment, gateway_url)
    ((source, item),) = ask(database, "SELECT source, item_id FROM cursors")
    assert item == "r000010"
    assert source.startswith("litellm ")


def test_pages_that_are_read_again_do_not_keep_a_pull_from_getting_on(
    database: Database, gateway_url: str, environment: dict[str, str]
) -> None:
    log(gateway_url, 2_500)  # within the fifteen minutes that every pull reads again
    for pulled in (1_000, 2_000, 2_500):
        pull(environment, gateway_url, "--pages", "1")
        assert count(database) == pulled


def test_what_is_refused_is_told_on_one_line(database: Database, gateway_url: str, environment: dict[str, str]) -> None:
    log(gateway_url, 3, key="litellm_proxy_master_key")
    done = pull(environment, gateway_url)
    assert done.returncode == 0
    assert "0 rows kept, 0 were there already, 3 rejected (the first: /metadata/user_api_key_hash" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert count(database) == 0


def test_what_is_reported_is_counted(gateway_url: str, environment: dict[str, str]) -> None:
    log(gateway_url, 4)
    done = pull(environment | {"GRANTGUARD_MAPPING": "{}"}, gateway_url)
    assert "4 rows kept, 0 were there already, 0 rejected; unknown_category 4" in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret@127.0.0.1:1/d",
        "postgresql://u:word@s3cret@127.0.0.1:1/d",
        "postgresql://u:[s3cret@127.0.0.1/d",
        "u s3cret",
        "postgresql://u@127.0.0.1:s3cret/d",
    ],
)
def test_a_url_that_does_not_answer_is_not_printed(environment: dict[str, str], url: str) -> None:
    done = pull(environment, url)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "s3cret" not in done.stderr


def test_a_database_without_the_table_is_one_line_of_error(database: Database, environment: dict[str, str]) -> None:
    done = pull(environment, database.url)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert '"LiteLLM_SpendLogs" does not exist' in done.stderr


def test_rows_that_came_late_are_found_within_the_overlap(
    database: Database, gateway_url: str, environment: dict[str, str]
) -> None:
    log(gateway_url, 5)
    pull(environment, gateway_url)
    with psycopg.connect(gateway_url) as gateway:
        gateway.execute(
            """UPDATE "LiteLLM_SpendLogs" SET request_id = 'x' || request_id, litellm_call_id = 'late',
                           "startTime" = %s WHERE litellm_call_id = 'c1'""",
            [START - timedelta(minutes=5)],
        )
    pull(environment, gateway_url)
    assert ask(database, "SELECT count(*) FROM usage WHERE event_id = 'late'") == [(1,)]
