"""CloudEvents: as OpenMeter takes them, the subject is the account, and an error names the event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.contract import USAGE
from grantguard.sources.cloudevents import read_events
from grantguard.sources.converted import Converted, Row
from grantguard.sources.hashing import Hasher
from grantguard.sources.mapping import Mapping

SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "litellm_openmeter_and_lago_events.jsonl"
HASHER = Hasher(b"a secret for these tests")
MAPPING = Mapping(default_category="standard_chat")


def event(data: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
    """An event as LiteLLM's openmeter callback sends it; a change of ``data`` adds to it."""
    metered = {"model": "gpt-4o-mini", "cost": 1.5, "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    attributes = {
        "specversion": "1.0",
        "type": "litellm_tokens",
        "id": "chatcmpl-1",
        "time": "2026-11-24T02:31:21.145314+00:00",
        "subject": "a1",
        "source": "litellm-proxy",
    }
    return attributes | {"data": metered | (data or {})} | changes


def read(*events: object) -> Converted:
    return read_events(events, MAPPING, HASHER)


def row(data: dict[str, Any] | None = None, **changes: Any) -> Row:  # noqa: ANN401 - any field's value
    converted = read(event(data, **changes))
    assert converted.rejected == []
    return converted.usage[0]


def test_an_event_is_a_row() -> None:
    assert row() == {
        "event_id": "litellm-proxy chatcmpl-1",
        "account_id": "a1",
        "occurred_at": "2026-11-24T02:31:21.145314Z",
        "category": "standard_chat",
        "input_tokens": 10,
        "output_tokens": 20,
        "credits": 1.5,
        "status": "ok",
        "model": "gpt-4o-mini",
    }


def test_the_same_id_from_another_source_is_another_event() -> None:
    assert row(source="a b", id="c")["event_id"] != row(source="a", id="b c")["event_id"]


def test_the_contracts_own_names_are_taken_as_they_are() -> None:
    said = {
        "category": "tool_use",
        "input_tokens": 7,
        "credits": 0.25,
        "grant_id": "g1",
        "status": "cancelled",
        "latency_ms": 40,
        "session_id": "s1",
        "network": "AS64500",
        "client": "curl",
        "device_hash": "d",
    }
    found = row(said)
    assert {name: found[name] for name in said} == said
    assert set(found) <= set(USAGE.schema)


def test_an_address_in_the_data_is_hashed() -> None:
    found = row({"ip_address": "203.0.113.7", "user_agent": "curl/8.0"})
    assert (found["ip_hash"], found["client"]) == (HASHER.address("203.0.113.7"), "curl")
    assert "203.0.113.7" not in repr(found)


def test_an_unknown_category_counts_at_multiplier_one_and_is_reported() -> None:
    converted = read(event({"category": "painting"}))
    assert (converted.usage[0]["category"], converted.reported) == ("standard_chat", {"unknown_category": 1})


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"subject": None}, "/subject"),
        ({"id": ""}, "/id"),
        ({"source": None}, "/source"),
        ({"specversion": "0.3"}, "/specversion"),
        ({"type": "invoice.paid"}, "/type"),
        ({"time": None}, "/time"),
        ({"time": "yesterday"}, "/time"),
        ({"data": "text"}, "/data"),
        ({"data": {"cost": 1, "completion_tokens": 1}}, "/data/input_tokens"),
        ({"data": {"prompt_tokens": 1, "output_tokens": -1}}, "/data/output_tokens"),
        ({"data": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0}}, "/data/cost"),
        ({"data": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 1, "status": "odd"}}, "/data/status"),
    ],
)
def test_an_error_names_the_event_and_the_place_in_it(change: dict[str, Any], pointer: str) -> None:
    converted = read(event(), event() | change, event())
    assert [(each.index, each.pointer) for each in converted.rejected] == [(1, pointer)]
    assert converted.indexes == [0, 2]


def test_an_operator_names_the_types_that_are_usage() -> None:
    mapping = Mapping(usage_types=("com.example.*",), default_category="standard_chat")
    events = [event(type="com.example.llm"), event()]
    assert read_events(events, mapping, HASHER).indexes == [0]


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just([]), st.just({}))


@given(st.sampled_from([*sorted(event()), "data.cost", "data.prompt_tokens", "data.category", "data.status"]), VALUES)
def test_whatever_a_field_holds_is_a_row_or_a_refusal(name: str, value: object) -> None:
    inside = name.removeprefix("data.")
    changed = event({inside: value}) if inside != name else event() | {name: value}
    converted = read(changed)
    assert len(converted.usage) + len(converted.rejected) == 1


@pytest.mark.skipif(not SAMPLE.exists(), reason="the recorded samples are not at hand")
def test_a_recorded_event_is_read() -> None:
    recorded = json.loads(json.loads(SAMPLE.read_text().splitlines()[0])["body"])
    assert [each["account_id"] for each in read(recorded).usage] == ["acct_0001"]
