"""LiteLLM's own table of requests, ``"LiteLLM_SpendLogs"``, pulled page by page.

Pages follow the table's index on ``("startTime", request_id)``. A request is written when it ends and dated when it
began, so rows appear *behind* the newest: a pull begins a while before where the last one stopped. What is read
twice is the same event, and what was pushed by the callback too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from grantguard.errors import SourceUnreadable
from grantguard.sources.converted import Converted
from grantguard.sources.fields import Item
from grantguard.sources.hashing import Hasher
from grantguard.sources.litellm import read_payloads
from grantguard.sources.mapping import Mapping

OVERLAP: Final = timedelta(minutes=15)
"""How long a request may run, and wait to be written, before a pull would miss it."""

PAGE: Final = """
    SELECT request_id, litellm_call_id, session_id, status, "user", api_key, team_id, end_user,
           spend, prompt_tokens, completion_tokens, "startTime", "endTime", model, model_group, cache_hit,
           requester_ip_address,
           CASE WHEN jsonb_typeof(metadata) = 'object' THEN metadata - 'model_map_information' END AS metadata
    FROM "LiteLLM_SpendLogs"
    WHERE ("startTime", request_id) > (%s, %s)
    ORDER BY "startTime", request_id
    LIMIT %s
"""


@dataclass(frozen=True, order=True)
class Cursor:
    """How far a pull has come."""

    began_at: datetime
    request_id: str = ""


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor to keep once they are stored."""

    converted: Converted
    cursor: Cursor


BEGINNING: Final = Cursor(datetime(2000, 1, 1, tzinfo=UTC))
"""Where the first pull starts."""


@contextmanager
def open_gateway(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to LiteLLM's database that only reads. Raises ``SourceUnreadable``."""
    try:
        connection = psycopg.connect(url, application_name="grantguard", autocommit=True)
    except psycopg.Error:
        # Its message may quote the URL: one that is written wrong has its password where the host should be.
        told = "the gateway's database: it does not answer, or not to this URL; check host, role, password and name"
        raise SourceUnreadable(told) from None
    with connection:
        connection.read_only = True
        yield connection


def name_of(connection: psycopg.Connection[Any]) -> str:
    """What the cursor of this database is kept under: of another gateway another one."""
    told = connection.info
    return f"litellm {told.host}:{told.port}/{told.dbname}"


def pull(
    connection: psycopg.Connection[Any],
    mapping: Mapping,
    hasher: Hasher,
    after: Cursor = BEGINNING,
    *,
    rows: int = 1000,
    overlap: timedelta = OVERLAP,
) -> Iterator[Page]:
    """Pages of all that LiteLLM wrote since ``after`` less the overlap, oldest first.

    Each page is a short transaction of its own. Keep the cursor of a page only when its rows are durable.
    Raises ``SourceUnreadable``.
    """
    place = replace(after, began_at=after.began_at - overlap)
    while found := _fetch(connection, place, rows):
        place = Cursor(found[-1]["startTime"].replace(tzinfo=UTC), found[-1]["request_id"])
        yield Page(read_payloads(map(as_payload, found), mapping, hasher), max(after, place))


def _fetch(connection: psycopg.Connection[Any], place: Cursor, rows: int) -> list[Item]:
    """The next rows. The table's times bear no offset and are UTC, so the question's must not bear one either."""
    began_at = place.began_at.astimezone(UTC).replace(tzinfo=None)
    try:
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(PAGE, (began_at, place.request_id, rows)).fetchall()
    except psycopg.Error as error:
        raise SourceUnreadable(f"the gateway's database: {error.diag.message_primary or 'it broke off'}") from None


def as_payload(row: Item) -> Item:
    """The row in the names of a ``StandardLoggingPayload``, so that one reading serves both."""
    metadata = row["metadata"] or {}
    owners = {
        "user_api_key_hash": row["api_key"],
        "user_api_key_user_id": metadata.get("user_api_key_user_id") or row["user"],
        "user_api_key_team_id": metadata.get("user_api_key_team_id") or row["team_id"],
    }
    return row | {
        "id": row["request_id"],
        "litellm_call_id": row["litellm_call_id"] or metadata.get("litellm_call_id"),
        "startTime": _as_epoch(row["startTime"]),
        "endTime": _as_epoch(row["endTime"]),
        "response_cost": row["spend"],
        "error_information": metadata.get("error_information"),
        "metadata": metadata | owners,
    }


def _as_epoch(at: datetime | None) -> float | None:
    return None if at is None else at.replace(tzinfo=UTC).timestamp()
