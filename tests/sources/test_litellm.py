"""LiteLLM's payloads: every trap of theirs, one fact each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.checking import check
from grantguard.contract import USAGE
from grantguard.sources.bodies import read_items
from grantguard.sources.converted import Converted, Row
from grantguard.sources.hashing import Hasher
from grantguard.sources.litellm import read_payloads
from grantguard.sources.mapping import Mapping

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
WIRE = json.loads((Path(__file__).parent / "litellm_payloads.json").read_text())
"""What the proxy of LiteLLM 1.108.7 sent, less what nobody reads: one payload a case of ``CASES``."""
CASES = ("streamed", "embedded", "cached", "gone", "image", "failed", "answered")
HASHER = Hasher(b"a secret for these tests")
MAPPING = Mapping.model_validate({"default_category": "standard_chat", "credits_per_cost": 100})
PRICED = Mapping.model_validate(
    {"default_category": "standard_chat", "prices": [{"match": "*", "input": 1, "output": 2}]}
)


class Untouchable(dict[str, Any]):
    """A price map that nobody may look into, let alone copy."""

    def _refuse(self, *_: object) -> Any:  # noqa: ANN401 - it never returns
        raise AssertionError("the price map was read")

    __iter__ = keys = items = values = copy = get = __getitem__ = __deepcopy__ = __or__ = _refuse


def payload(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
    """A payload in the recorded shape; a change of ``metadata`` adds to it."""
    metadata = {
        "user_api_key_hash": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
        "user_api_key_user_id": "a1",
        "user_api_key_team_id": "t1",
        "user_api_key_org_id": "o1",
        "user_api_key_user_email": "ada@example.org",
        "user_api_key_end_user_id": "whoever",
        "user_api_key_request_route": "/v1/chat/completions",
        "spend_logs_metadata": {"grant_id": "g1"},
        "requester_ip_address": "203.0.113.7",
        "requester_metadata": {"headers": {"x-forwarded-for": "203.0.113.7"}},
        "usage_object": {"prompt_tokens": 10, "completion_tokens": 20, "prompt_tokens_details": None},
    } | changes.pop("metadata", {})
    whole: dict[str, Any] = {
        "id": "chatcmpl-1",
        "litellm_call_id": "call-1",
        "trace_id": "sess-1",
        "session_id": "",
        "status": "success",
        "cache_hit": None,
        "startTime": 1795486235.985797,
        "endTime": 1795486236.017628,
        "model": "openai/gpt-4o-mini",
        "model_group": "mock-gpt",
        "metadata": metadata,
        "response_cost": 1.35e-05,
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "end_user": "whoever",
        "requester_ip_address": "203.0.113.7",
        "user_agent": "OpenAI/Python 1.99.1",
        "messages": [{"role": "user", "content": "redacted-by-litellm"}],
        "error_information": {"error_code": "", "error_class": ""},
        "model_map_information": {"model_map_key": "openai/gpt-4o-mini", "model_map_value": {"mode": "chat"}},
    }
    return whole | changes


def read(mapping: Mapping = MAPPING, **changes: Any) -> Converted:  # noqa: ANN401 - any field's value
    return read_payloads([payload(**changes)], mapping, HASHER)


def row(mapping: Mapping = MAPPING, **changes: Any) -> Row:  # noqa: ANN401 - any field's value
    converted = read(mapping, **changes)
    assert converted.rejected == []
    return converted.usage[0]


def pointer(mapping: Mapping = MAPPING, **changes: Any) -> str:  # noqa: ANN401 - any field's value
    converted = read(mapping, **changes)
    assert converted.usage == []
    return converted.rejected[0].pointer


def trusting(owner: str) -> Mapping:
    return Mapping.model_validate({"account_from": owner, "default_category": "standard_chat"})


def test_a_payload_is_a_row_of_the_contract() -> None:
    frame = pl.LazyFrame([{name: str(value) for name, value in row().items()}])
    checked = check(frame, USAGE, datetime(2027, 1, 1, tzinfo=UTC))
    assert checked.bad.collect().is_empty()
    assert set(row()) <= set(USAGE.schema)


def test_a_row_is_ready_for_json() -> None:
    assert json.loads(json.dumps(row())) == row()


def test_the_account_is_the_keys_owner_and_never_the_requests_user() -> None:
    assert row()["account_id"] == "a1"


@pytest.mark.parametrize(("owner", "account"), [("team", "t1"), ("organization", "o1"), ("end_user", "whoever")])
def test_an_operator_may_say_that_the_account_is_another(owner: str, account: str) -> None:
    assert row(trusting(owner))["account_id"] == account


def test_a_key_without_an_owner_is_refused() -> None:
    assert pointer(metadata={"user_api_key_user_id": None}) == "/metadata/user_api_key_user_id"


def test_the_master_key_is_no_account() -> None:
    assert pointer(metadata={"user_api_key_hash": "litellm_proxy_master_key"}) == "/metadata/user_api_key_hash"


def test_the_administrator_is_no_account() -> None:
    assert pointer(metadata={"user_api_key_user_id": "default_user_id"}) == "/metadata/user_api_key_user_id"


def test_a_trusted_end_user_may_come_through_the_master_key() -> None:
    master = {"user_api_key_hash": "litellm_proxy_master_key", "user_api_key_user_id": "default_user_id"}
    assert row(trusting("end_user"), metadata=master)["account_id"] == "whoever"


def test_the_call_names_the_event_not_the_provider() -> None:
    assert row()["event_id"] == "call-1"


def test_a_call_without_an_id_has_the_senders_own_and_is_reported() -> None:
    converted = read(litellm_call_id=None)
    assert (converted.usage[0]["event_id"], converted.reported) == ("chatcmpl-1", {"no_call_id": 1})


def test_the_attempt_that_failed_is_no_repeat_of_the_answer_that_followed() -> None:
    attempt = row(status="failure", response_cost=0.0)
    assert attempt["event_id"] != row()["event_id"]


def test_a_time_is_rounded_to_the_millisecond_as_litellms_table_rounds_it() -> None:
    assert row()["occurred_at"] == "2026-11-24T02:10:35.986000Z"
    assert row(startTime=1795486235.985497)["occurred_at"] == "2026-11-24T02:10:35.985000Z"


def test_a_request_takes_from_its_start_to_its_end() -> None:
    assert row(startTime=1795486235.0, endTime=1795486236.25)["latency_ms"] == 1250


def test_a_request_of_less_than_a_millisecond_takes_no_time() -> None:
    assert row(startTime=1795486235.9858, endTime=1795486235.9859)["latency_ms"] == 0


def test_an_end_before_the_start_says_nothing() -> None:
    assert "latency_ms" not in row(endTime=1.0)


def test_the_session_may_sit_in_the_trace() -> None:
    assert row()["session_id"] == "sess-1"
    assert row(session_id="sess-9")["session_id"] == "sess-9"


def test_cost_becomes_credits() -> None:
    assert row(response_cost=0.02)["credits"] == pytest.approx(2.0)


def test_a_cost_of_zero_beside_tokens_is_not_known() -> None:
    assert pointer(response_cost=0.0) == "/response_cost"


def test_a_cost_of_zero_where_pricing_failed_is_not_known_though_no_token_was_used() -> None:
    report = {"model": "painter"}
    told = pointer(response_cost=0.0, prompt_tokens=0, completion_tokens=0, response_cost_failure_debug_info=report)
    assert told == "/response_cost"


def test_a_cost_that_is_not_known_is_priced_by_tokens_and_reported() -> None:
    converted = read(PRICED, response_cost=0.0, prompt_tokens=1_000_000, completion_tokens=500_000)
    assert converted.usage[0]["credits"] == pytest.approx(2.0)
    assert converted.reported["priced_by_tokens"] == 1


def test_tokens_from_a_cache_have_their_own_price() -> None:
    prices = {"match": "mock-*", "input": 1, "output": 0, "cached_input": 0.1}
    usage = {"usage_object": {"prompt_tokens_details": {"cached_tokens": 500_000}}}
    mapping = Mapping.model_validate({"prices": [prices], "default_category": "standard_chat"})
    charged = row(mapping, response_cost=0.0, prompt_tokens=1_000_000, metadata=usage)["credits"]
    assert charged == pytest.approx(0.55)


@pytest.mark.parametrize("hit", [True, "True"])
def test_an_answer_from_litellms_cache_costs_nothing(hit: object) -> None:
    assert row(cache_hit=hit, response_cost=0.0)["credits"] == 0.0


@pytest.mark.parametrize("hit", [False, None, "None", "False"])
def test_an_answer_that_is_from_no_cache_is_priced(hit: object) -> None:
    assert row(PRICED, cache_hit=hit, response_cost=0.0)["credits"] > 0


def test_a_failure_is_an_error_that_costs_nothing() -> None:
    failed = row(status="failure", response_cost=0.0, prompt_tokens=None, completion_tokens=0)
    assert (failed["status"], failed["credits"], failed["input_tokens"]) == ("error", 0.0, 0)


def test_a_refusal_by_budget_is_an_error() -> None:
    refused = {"error_code": "400", "error_class": "BudgetExceededError", "error_rate_limit_type": "budget"}
    assert row(status="failure", response_cost=0.0, error_information=refused)["status"] == "error"


@pytest.mark.parametrize("status", ["success", "failure"])
@pytest.mark.parametrize("said", [{"error_code": "499"}, {"error_class": "ClientDisconnected"}])
def test_a_client_that_went_away_cancelled(said: dict[str, str], status: str) -> None:
    assert row(status=status, error_information=said)["status"] == "cancelled"


def test_an_address_is_hashed_and_so_is_its_prefix() -> None:
    assert row()["ip_hash"] == HASHER.address("203.0.113.7")
    assert row()["ip_prefix_hash"] == HASHER.prefix("203.0.113.7")


def test_of_a_chain_of_proxies_the_client_is_first() -> None:
    assert row(requester_ip_address="203.0.113.7, 10.0.0.1")["ip_hash"] == HASHER.address("203.0.113.7")


def test_what_is_no_address_is_left_out_and_reported() -> None:
    converted = read(requester_ip_address="unknown")
    assert converted.reported["unreadable_address"] == 1
    assert "ip_hash" not in converted.usage[0]


@pytest.mark.parametrize("raw", ["203.0.113.7", "ada@example.org", "tell me a secret"])
def test_nothing_raw_comes_back(raw: str) -> None:
    asked = [{"role": "user", "content": "tell me a secret"}]
    for converted in (read(messages=asked), read(messages=asked, status="odd")):
        assert raw not in repr(converted)


def test_a_redacted_prompt_has_no_print() -> None:
    assert not {"prompt_hash", "template_hash"} & set(row())


def test_prompts_with_one_system_message_share_a_template() -> None:
    system = {"role": "system", "content": "You label pictures."}
    first, other = (row(messages=[system, {"role": "user", "content": said}]) for said in ("one", "two"))
    assert first["template_hash"] == other["template_hash"] == HASHER.template("You label pictures.")
    assert first["prompt_hash"] != other["prompt_hash"]


def test_a_prompt_in_parts_is_its_texts() -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "x"}}]
    assert row(messages=[{"role": "user", "content": parts}])["prompt_hash"] == HASHER.prompt("look")


def test_the_grant_rides_in_the_spend_logs_metadata() -> None:
    assert row()["grant_id"] == "g1"
    assert "grant_id" not in row(metadata={"spend_logs_metadata": None})


def test_the_model_is_the_one_that_was_asked_for() -> None:
    assert row()["model"] == "mock-gpt"
    assert row(model_group=None)["model"] == "openai/gpt-4o-mini"


@pytest.mark.parametrize("matching", ["mock-*", "openai/*", "/v1/chat/*"])
def test_a_category_goes_by_the_model_its_group_or_the_route(matching: str) -> None:
    rules = [{"match": matching, "category": "tool_use"}]
    assert row(Mapping.model_validate({"categories": rules}))["category"] == "tool_use"


@pytest.mark.parametrize("rules", [[], [{"match": "*", "category": "painting"}]])
def test_an_unknown_category_counts_at_multiplier_one_and_is_reported(rules: list[dict[str, str]]) -> None:
    converted = read(Mapping.model_validate({"categories": rules}))
    assert converted.usage[0]["category"] == "standard_chat"
    assert converted.reported == {"unknown_category": 1}


def test_a_long_prompt_is_extended_context() -> None:
    assert row(prompt_tokens=200_001)["category"] == "extended_context"
    assert row(prompt_tokens=200_000)["category"] == "standard_chat"


def test_a_bad_payload_costs_itself_alone() -> None:
    items = [payload(), "text", payload(startTime="soon"), payload(litellm_call_id="call-2")]
    converted = read_payloads(items, MAPPING, HASHER)
    assert converted.indexes == [0, 3]
    assert [(each.index, each.pointer) for each in converted.rejected] == [(1, ""), (2, "/startTime")]


def test_the_price_map_is_neither_read_nor_copied() -> None:
    read_payloads([payload(model_map_information=Untouchable(k=1))], MAPPING, HASHER)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers(), max_size=1), st.just({})
)


@given(st.sampled_from(sorted(payload())), VALUES)
def test_whatever_a_field_holds_is_a_row_or_a_refusal(name: str, value: object) -> None:
    converted = read_payloads([payload() | {name: value}], MAPPING, HASHER)
    assert len(converted.usage) + len(converted.rejected) == 1


@given(st.sampled_from(sorted(payload()["metadata"])), VALUES)
def test_whatever_the_metadata_hold_is_a_row_or_a_refusal(name: str, value: object) -> None:
    converted = read(metadata={name: value})
    assert len(converted.usage) + len(converted.rejected) == 1


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("streamed", ["ok", 9, 3, pytest.approx(0.000315)]),
        ("embedded", ["ok", 10, 0, pytest.approx(0.00002)]),
        ("cached", ["ok", 10, 20, 0.0]),
        ("gone", ["cancelled", 18, 6, pytest.approx(0.0105)]),
        ("failed", ["error", 0, 0, 0.0]),
        ("answered", ["ok", 8, 3, pytest.approx(0.0003)]),
    ],
)
def test_what_the_proxy_sent_is_read(case: str, told: list[object]) -> None:
    (found,) = read_payloads([WIRE[CASES.index(case)]], MAPPING, HASHER).usage
    assert [found[name] for name in ("status", "input_tokens", "output_tokens", "credits")] == told


def test_an_image_that_the_proxy_could_not_price_is_not_free() -> None:
    (rejected,) = read_payloads([WIRE[CASES.index("image")]], MAPPING, HASHER).rejected
    assert rejected.pointer == "/response_cost"


def recorded() -> Iterator[object]:
    for name in ("litellm_standard_logging_payload.json", "litellm_failure_and_stream.json"):
        yield from read_items((SAMPLES / name).read_bytes())


@pytest.mark.skipif(not SAMPLES.exists(), reason="the recorded samples are not at hand")
def test_recorded_payloads_are_read() -> None:
    mapping = PRICED.model_copy(update={"account_from": "end_user"})
    converted = read_payloads(recorded(), mapping, HASHER)
    assert [(each["account_id"], each["status"]) for each in converted.usage] == [
        ("acct_0001", "ok"),
        ("acct_0001", "error"),
        ("acct_0002", "ok"),
    ]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the recorded samples are not at hand")
def test_recorded_payloads_through_the_master_key_are_nobodys() -> None:
    converted = read_payloads(recorded(), MAPPING, HASHER)
    assert {each.pointer for each in converted.rejected} == {"/metadata/user_api_key_hash"}
