"""Decisions and notices as JSON: the one way they are told, over HTTP and to a ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter

from grantguard.vocabulary import Decision, Notice

DECISION: Final = TypeAdapter(Decision)


def told(decision: Decision) -> dict[str, Any]:
    """The contract's Decision: times in RFC 3339, null for what is not known."""
    plain: dict[str, Any] = json.loads(DECISION.dump_json(decision))
    return plain


def tell_time(moment: datetime) -> str:
    """A time in RFC 3339, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def tell_notice(notice: Notice) -> dict[str, object]:
    """What a ledger is sent: type, time, the notice's number for its grant, and the decision.

    Of the grants that the decision covers it names the one that the notice is about: the others have notices, and
    numbers, of their own.
    """
    grants = notice.decision.grants if notice.grant_id is None else (notice.grant_id,)
    body = {
        "type": notice.kind,
        "timestamp": tell_time(notice.timestamp),
        "sequence": notice.sequence,
        "data": told(replace(notice.decision, grants=grants)),
    }
    return body if notice.verdict is None else body | {"verdict": notice.verdict}
