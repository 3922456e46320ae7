"""The mapping: rules in order, prices, and one-line errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from grantguard.errors import FileMissing, UsageError
from grantguard.sources.mapping import Mapping, Metered, load_mapping

RULES = '{"categories": [{"match": "o1*", "category": "complex_reasoning"}, {"match": "*", "category": "tool_use"}]}'


def test_the_first_rule_that_matches_speaks() -> None:
    mapping = load_mapping(RULES)
    assert mapping.category_of(Metered(("o1-mini",), 1, 1)) == "complex_reasoning"
    assert mapping.category_of(Metered(("gpt-4o",), 1, 1)) == "tool_use"


def test_upper_and_lower_case_are_alike() -> None:
    assert load_mapping(RULES).category_of(Metered(("O1-Mini",), 1, 1)) == "complex_reasoning"


def test_a_mapping_without_rules_names_no_category() -> None:
    assert Mapping().category_of(Metered(("gpt-4o",), 1, 1)) is None


def test_extended_context_can_be_left_out() -> None:
    mapping = Mapping(extended_context_above=None, default_category="standard_chat")
    assert mapping.category_of(Metered((), 10**9, 1)) == "standard_chat"


def test_a_known_cost_outranks_prices() -> None:
    mapping = load_mapping('{"credits_per_cost": 10, "prices": [{"match": "*", "input": 9, "output": 9}]}')
    assert mapping.credits_of(Metered(("m",), 10, 10, cost=0.5)) == 5.0


def test_without_cost_or_price_the_credits_are_not_known() -> None:
    assert Mapping().credits_of(Metered(("m",), 10, 10)) is None


def test_a_mapping_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mapping.json").write_text(RULES)
    assert load_mapping(str(tmp_path / "mapping.json")) == load_mapping(RULES)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="nowhere"):
        load_mapping(str(tmp_path / "nowhere.json"))


@pytest.mark.parametrize(
    ("setting", "pointer"),
    [
        ('{"prices": [{"match": "*", "input": -1, "output": 1}]}', "/prices/0/input"),
        ('{"catgories": []}', "/catgories"),
        ('{"credits_per_cost": 0}', "/credits_per_cost"),
        ("{", "/"),
    ],
)
def test_what_is_wrong_is_named_by_its_pointer(setting: str, pointer: str) -> None:
    with pytest.raises(UsageError, match=f"^the mapping: {pointer}: ") as caught:
        load_mapping(setting)
    assert "\n" not in str(caught.value)


def test_a_mapping_never_changes() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Mapping().default_category = "tool_use"  # type: ignore[misc]
