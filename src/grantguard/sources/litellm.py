"""LiteLLM's ``StandardLoggingPayload``, as its ``generic_api`` callback pushes it, as rows of usage.

Its traps: the account is the key's owner, and never what the request says of itself unless the operator trusts it;
a cost of zero beside tokens, or beside a report that pricing failed, is a price that LiteLLM does not know; ``id`` is
the provider's on success, so the call's own id names the event; a call that is tried again after a failure keeps its
id; the session may sit in ``trace_id``; most of a batch is a map of prices that nobody reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from grantguard.errors import FieldRefused
from grantguard.sources.converted import Converted, Row, convert
from grantguard.sources.fields import Item, epoch, find, number, point, spell, text, whole
from grantguard.sources.hashing import Hasher
from grantguard.sources.mapping import Mapping, Metered, Owner
from grantguard.sources.prompts import hash_prompt
from grantguard.sources.rows import charge, hash_address, known_cost, name_category
from grantguard.sources.user_agents import family

OWNERS: Final[dict[Owner, tuple[str, ...]]] = {
    "key_owner": ("metadata", "user_api_key_user_id"),
    "team": ("metadata", "user_api_key_team_id"),
    "organization": ("metadata", "user_api_key_org_id"),
    "end_user": ("end_user",),
}
"""Where the account stands, by the mapping's ``account_from``."""

MASTER_KEY: Final = "litellm_proxy_master_key"
ADMINISTRATOR: Final = "default_user_id"
"""Who owns whatever is done with the proxy's master key: its operator, and no account."""

CLIENT_GONE: Final = ("499", "ClientDisconnected", "CancelledError")
"""Codes and classes of the error that is said when the client went away."""


def read_payloads(items: Iterable[object], mapping: Mapping, hasher: Hasher) -> Converted:
    """The payloads as usage. Nothing raw of an address, a mail or a prompt is in what comes back."""
    return convert(items, lambda item, reported: _read(item, mapping, hasher, reported))


def _read(item: Item, mapping: Mapping, hasher: Hasher, reported: Counter[str]) -> Row:
    account_id = _account(item, mapping.account_from)
    status = _status(item)
    began = _began(item)
    metered = _meter(item)
    address = text(item, "requester_ip_address") or text(item, "metadata", "requester_ip_address")
    row = {
        "event_id": _call_id(item, reported),
        "account_id": account_id,
        "occurred_at": spell(_round(began)),
        "category": name_category(mapping.category_of(metered), reported),
        "input_tokens": metered.input_tokens,
        "output_tokens": metered.output_tokens,
        "credits": charge(metered, mapping, point("response_cost"), reported),
        "grant_id": text(item, "metadata", "spend_logs_metadata", "grant_id"),
        "status": status,
        "latency_ms": _latency(item, began),
        "session_id": text(item, "session_id") or text(item, "trace_id"),
        "client": family(text(item, "user_agent") or text(item, "metadata", "user_agent")),
        "model": text(item, "model_group") or text(item, "model"),
    }
    known = {name: value for name, value in row.items() if value is not None}
    return known | hash_address(address, hasher, reported) | hash_prompt(find(item, "messages"), hasher)


def _account(item: Item, owner: Owner) -> str:
    path = OWNERS[owner]
    account_id = text(item, *path)
    if owner != "end_user" and text(item, "metadata", "user_api_key_hash") == MASTER_KEY:
        raise FieldRefused("/metadata/user_api_key_hash", "is the proxy's master key, which no account owns")
    if account_id == ADMINISTRATOR:
        raise FieldRefused(point(*path), "is the proxy's own administrator, who is no account")
    if account_id is None:
        raise FieldRefused(point(*path), f"is missing; the mapping's account_from says that the account is the {owner}")
    return account_id


def _call_id(item: Item, reported: Counter[str]) -> str:
    call_id = text(item, "litellm_call_id")
    event_id = call_id or text(item, "id")
    if event_id is None:
        raise FieldRefused("/litellm_call_id", "is missing")
    if call_id is None:
        reported["no_call_id"] += 1
    # A streamed call that falls back to another model begins in the millisecond in which its first attempt failed:
    # under one name the answer that was charged would be taken for a repeat of the failure.
    return f"{event_id}-failed" if _failed(item) else event_id


def _began(item: Item) -> datetime:
    began = epoch(item, "startTime")
    if began is None:
        raise FieldRefused("/startTime", "is missing")
    return began


def _round(began: datetime) -> datetime:
    """To the nearest millisecond, as PostgreSQL does in LiteLLM's own table: both must name the same event."""
    nearest = began + timedelta(microseconds=500)
    return nearest.replace(microsecond=nearest.microsecond // 1000 * 1000)


def _latency(item: Item, began: datetime) -> int | None:
    ended = epoch(item, "endTime")
    return None if ended is None or ended < began else round((ended - began).total_seconds() * 1000)


def _status(item: Item) -> str:
    told = text(item, "status")
    if told not in ("success", "failure", None):
        raise FieldRefused("/status", "is neither success nor failure")
    error = (find(item, "error_information", name) for name in ("error_code", "error_class"))
    if any(str(each) in CLIENT_GONE for each in error):
        return "cancelled"
    return "error" if _failed(item) else "ok"


def _failed(item: Item) -> bool:
    return bool(find(item, "status") == "failure")


def _meter(item: Item) -> Metered:
    failed = _failed(item)
    sent, delivered = (_tokens(item, name, failed=failed) for name in ("prompt_tokens", "completion_tokens"))
    cost = _cost(item)
    free = failed or str(find(item, "cache_hit")) == "True"
    named = (("model_group",), ("model",), ("metadata", "user_api_key_request_route"))
    return Metered(
        names=tuple(name for name in (text(item, *path) for path in named) if name),
        input_tokens=sent,
        output_tokens=delivered,
        cached_tokens=whole(item, "metadata", "usage_object", "prompt_tokens_details", "cached_tokens") or 0,
        cost=cost or 0.0 if free else known_cost(cost, sent + delivered),
    )


def _cost(item: Item) -> float | None:
    """What LiteLLM says that it cost; None where it says that it could not tell, as of an image without tokens."""
    cost = number(item, "response_cost")
    return cost or None if find(item, "response_cost_failure_debug_info") else cost


def _tokens(item: Item, name: str, *, failed: bool) -> int:
    tokens = whole(item, name)
    if tokens is None and not failed:
        raise FieldRefused(point(name), "is missing")
    return tokens or 0
