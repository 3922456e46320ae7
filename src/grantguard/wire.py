"""Decisions and notices as JSON: the one way they are told, over HTTP, to a ledger, and in the store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from grantguard.vocabulary import Decision, Notice, Tranche


def told(decision: Decision) -> dict[str, Any]:
    """The contract's Decision: times in RFC 3339, null for what is not known."""
    return dict(tell(asdict(decision)))


def tell(value: Any) -> Any:  # noqa: ANN401 - JSON is any of its values
    """The value in JSON's own types: times in RFC 3339, lists for tuples, null for what is not finite.

    JSON has no infinity, and what rests on a signal must be told whatever the signal came to.
    """
    if isinstance(value, Mapping):
        return {name: tell(each) for name, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [tell(each) for each in value]
    if isinstance(value, datetime):
        return tell_time(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
    verdict = {} if notice.verdict is None else {"verdict": notice.verdict}
    tranche = {} if notice.tranche is None else {"tranche": tell(asdict(notice.tranche))}
    return body | verdict | tranche


def read_tranche(told: Mapping[str, Any]) -> Tranche:
    """The tranche of a notice's body, as ``tell_notice`` gives it."""
    until = told["until"]
    return Tranche(told["credits"], None if until is None else datetime.fromisoformat(until))
