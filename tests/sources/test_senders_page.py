"""The page for senders: its examples are what the code takes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from grantguard.sources.cloudevents import read_events
from grantguard.sources.hashing import Hasher
from grantguard.sources.mapping import Mapping, load_mapping

PAGE = (Path(__file__).parents[2] / "docs" / "senders.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_event_is_taken() -> None:
    event, _ = blocks("json")
    assert read_events([json.loads(event)], Mapping(), Hasher(b"a secret for these tests")).rejected == []


def test_its_mapping_is_loaded_and_names_every_setting() -> None:
    _, mapping = blocks("json")
    assert load_mapping(mapping).model_fields_set == set(Mapping.model_fields)


def test_its_python_is_python() -> None:
    assert all(ast.parse(block) for block in blocks("python"))
