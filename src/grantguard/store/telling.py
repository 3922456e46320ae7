"""Values as JSON tells them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from grantguard.vocabulary import Decision


def tell_decision(decision: Decision) -> dict[str, Any]:
    """The decision in the contract's JSON."""
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
        return value.isoformat().replace("+00:00", "Z")
    return None if isinstance(value, float) and not math.isfinite(value) else value
