"""CloudEvents 1.0 as OpenMeter takes them, as rows of usage: any producer of its events can point here unchanged.

The subject is the account. ``source`` and ``id`` together name the event, as the standard says. An event bears no
address, session or error unless its ``data`` says one in the contract's name; what it does not say is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from grantguard.contract import STATUSES, USAGE
from grantguard.errors import FieldRefused
from grantguard.sources.converted import Converted, Row, convert
from grantguard.sources.fields import Item, moment, number, point, spell, text, whole
from grantguard.sources.hashing import Hasher
from grantguard.sources.mapping import Mapping, Metered
from grantguard.sources.rows import charge, hash_address, known_cost, name_category
from grantguard.sources.user_agents import family

TOKENS: Final = (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens"))
"""The contract's names for tokens, each with its usual other name."""

CARRIED: Final = tuple(
    column.name for column in USAGE.columns if not column.required and column.name not in ("latency_ms", "client")
)
"""Columns that ``data`` may hold in the contract's names, and that are texts."""


def read_events(items: Iterable[object], mapping: Mapping, hasher: Hasher) -> Converted:
    """The events as usage; what is refused is named by the event's place and the pointer in it."""
    return convert(items, lambda item, reported: _read(item, mapping, hasher, reported))


def _read(item: Item, mapping: Mapping, hasher: Hasher, reported: Counter[str]) -> Row:
    _require_ours(item, mapping)
    source = _require(text(item, "source"), "source").replace(" ", "%20")
    event_id = f"{source} {_require(text(item, 'id'), 'id')}"
    account_id = _require(text(item, "subject"), "subject")
    occurred_at = spell(_require(moment(item, "time"), "time"))
    metered = _meter(item)
    said = text(item, "data", "category") or mapping.category_of(metered)
    told = {name: text(item, "data", name) for name in CARRIED}
    told["client"] = text(item, "data", "client") or family(text(item, "data", "user_agent"))
    row: Row = told | {
        "event_id": event_id,
        "account_id": account_id,
        "occurred_at": occurred_at,
        "category": name_category(said, reported),
        "input_tokens": metered.input_tokens,
        "output_tokens": metered.output_tokens,
        "credits": _charge(item, metered, mapping, reported),
        "status": _status(item),
        "latency_ms": whole(item, "data", "latency_ms"),
    }
    address = hash_address(text(item, "data", "ip_address"), hasher, reported)
    return {name: value for name, value in row.items() if value is not None} | address


def _require_ours(item: Item, mapping: Mapping) -> None:
    if _require(text(item, "specversion"), "specversion") != "1.0":
        raise FieldRefused("/specversion", "is not 1.0")
    if not mapping.is_usage(_require(text(item, "type"), "type")):
        raise FieldRefused("/type", f"is not among the mapping's usage_types: {', '.join(mapping.usage_types)}")
    if not isinstance(item.get("data"), dict):
        raise FieldRefused("/data", "is not a JSON object")


def _require(value: Any, *path: str) -> Any:  # noqa: ANN401 - what is known comes back as it is
    if value is None:
        raise FieldRefused(point(*path), "is missing")
    return value


def _meter(item: Item) -> Metered:
    counted = [next((name for name in names if name in item["data"]), names[0]) for names in TOKENS]
    sent, delivered = (_require(whole(item, "data", name), "data", name) for name in counted)
    model = text(item, "data", "model")
    cost = known_cost(number(item, "data", "cost"), sent + delivered)
    return Metered((model,) if model else (), sent, delivered, cost=cost)


def _charge(item: Item, metered: Metered, mapping: Mapping, reported: Counter[str]) -> float:
    charged = number(item, "data", "credits")
    return charge(metered, mapping, "/data/cost", reported) if charged is None else charged


def _status(item: Item) -> str:
    status = text(item, "data", "status") or "ok"
    if status not in STATUSES:
        raise FieldRefused("/data/status", f"is not one of {', '.join(STATUSES)}")
    return status
