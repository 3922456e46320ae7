"""A decision as JSON, the one way it is told, over HTTP and to a ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter

from grantguard.vocabulary import Decision

DECISION: Final = TypeAdapter(Decision)


def told(decision: Decision) -> dict[str, Any]:
    """The contract's Decision: times in RFC 3339, null for what is not known."""
    plain: dict[str, Any] = json.loads(DECISION.dump_json(decision))
    return plain


def tell_time(moment: datetime) -> str:
    """A time in RFC 3339, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
