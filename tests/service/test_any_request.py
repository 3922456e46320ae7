"""Whatever is asked, the answer is one that the OpenAPI document tells of, and never a failure of the service."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from grantguard.forest import Bundle
from grantguard.service import Deployment, create_app
from grantguard.store.database import Database
from grantguard.store.keys import SCOPES, create_key

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

ROWS = ("/v1/usage", "/v1/accounts", "/v1/grants", "/v1/billing", "/v1/sources/litellm")
"""Where a bad row is told of and the good ones are kept, so that no batch is refused for its rows."""


@pytest.fixture
def bearer(database: Database) -> dict[str, str]:
    with database.connection() as connection:
        key = create_key(connection, "everything", SCOPES, datetime(2025, 5, 10, tzinfo=UTC))
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def api(deployment: Deployment, bundle: Bundle) -> BaseSchema:
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(bundle, deployment))


def ask_anything(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, bearer: dict[str, str]) -> None:
    checks = CHECKS if operation.path in ROWS else [*CHECKS, negative_data_rejection]

    @settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        case.call_and_validate(headers=bearer, checks=checks)

    ask()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_documented(api: BaseSchema, bearer: dict[str, str], mode: GenerationMode) -> None:
    for found in api.get_all_operations():
        with suppress(Unsatisfiable):  # nothing can be wrong about a question that has no parts
            ask_anything(found.ok(), mode, bearer)  # type: ignore[union-attr]  # our document has no fault to find
