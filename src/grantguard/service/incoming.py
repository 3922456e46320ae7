"""Rows in: acknowledged only when they are durable, the good ones kept when others are bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from grantguard.contract import ACCOUNTS, BILLING, GRANTS, USAGE, Table
from grantguard.keeping import Tally, keep_converted, keep_items, keep_lines
from grantguard.service.bodies import read_lines
from grantguard.service.deployment import Deployment
from grantguard.service.problems import problem
from grantguard.service.shapes import Kept
from grantguard.sources.bodies import read_items
from grantguard.sources.cloudevents import read_events
from grantguard.sources.converted import Converted
from grantguard.sources.litellm import read_payloads

NDJSON: Final = "application/x-ndjson"
CLOUDEVENTS: Final = ("application/cloudevents+json", "application/cloudevents-batch+json")
AT_A_TIME: Final = 4 * 2**20
"""Bytes of NDJSON that are kept in one transaction: what a request holds in memory is a few times as much."""

Row = dict[str, Any]


def add_incoming(router: APIRouter, deployment: Deployment) -> None:
    """Add the routes that rows come in by."""
    for table in (USAGE, ACCOUNTS, GRANTS, BILLING):
        _add_table(router, deployment, table)
    _add_litellm(router, deployment)
    _add_events(router, deployment)


def _add_table(router: APIRouter, deployment: Deployment, table: Table) -> None:
    @router.post(
        f"/v1/{table.name}",
        status_code=202,
        response_model=Kept,
        summary=f"Rows of {table.name}",
        operation_id=f"send_{table.name}",
        openapi_extra=_body({"application/json": _rows_of(table), NDJSON: {"type": "string"}}),
    )
    async def take(request: Request) -> JSONResponse:
        """Keep the rows; sent once they are durable. A repeat is a duplicate and changes nothing."""
        tally = Tally()
        if _media_type(request) == NDJSON:
            async for lines in read_lines(request.stream(), AT_A_TIME):
                await run_in_threadpool(keep_lines, deployment.desk.database, table, lines, deployment.clock(), tally)
        else:
            _require_media_type(request, "application/json")
            items = _read_array(await request.body(), deployment.limits.most_rows)
            await run_in_threadpool(keep_items, deployment.desk.database, table, items, deployment.clock(), tally)
        return _tell(deployment, table, tally)


def _add_litellm(router: APIRouter, deployment: Deployment) -> None:
    @router.post(
        "/v1/sources/litellm",
        status_code=202,
        response_model=Kept,
        summary="LiteLLM's StandardLoggingPayload: one, an array, or one a line",
        openapi_extra=_body({"application/json": {}, NDJSON: {"type": "string"}}),
    )
    async def take_litellm(request: Request) -> JSONResponse:
        """Keep the usage that the payloads tell of. Raw addresses and prompts are hashed on the way in."""
        body = await request.body()

        def read(items: list[Any]) -> Converted:
            return read_payloads(items, deployment.mapping, deployment.hasher)

        return _tell(deployment, USAGE, await run_in_threadpool(_keep_body, deployment, body, read))


def _add_events(router: APIRouter, deployment: Deployment) -> None:
    @router.post(
        "/api/v1/events",
        status_code=204,
        response_class=Response,
        response_model=None,
        summary="CloudEvents 1.0, one or a batch, as OpenMeter takes them",
        openapi_extra=_body({kind: {} for kind in (*CLOUDEVENTS, "application/json")}),
    )
    async def take_events(request: Request) -> Response:
        """Keep the usage that events tell of; where one cannot be used, the problem names it; the others are kept."""
        body = await request.body()

        def read(items: list[Any]) -> Converted:
            return read_events(items, deployment.mapping, deployment.hasher)

        tally = await run_in_threadpool(_keep_body, deployment, body, read)
        _count(deployment, USAGE, tally)
        if not tally.rejected:
            return Response(status_code=204)
        errors = [(f"/{each.index}{each.pointer}", each.reason) for each in tally.rejected]
        return problem(422, "Some events cannot be used; the others are kept", request.url.path, errors)


def _keep_body(deployment: Deployment, body: bytes, read: Callable[[list[Any]], Converted]) -> Tally:
    """Keep what an adapter makes of a body."""
    converted = read(read_items(body))
    tally = keep_converted(deployment.desk.database, converted, deployment.clock())
    for report, times in converted.reported.items():
        deployment.metrics.reported.labels(report).inc(times)
    return tally


def _tell(deployment: Deployment, table: Table, tally: Tally) -> JSONResponse:
    _count(deployment, table, tally)
    return JSONResponse(tally.tell(), status_code=202)


def _count(deployment: Deployment, table: Table, tally: Tally) -> None:
    rejected = len(tally.rejected) + tally.unlisted
    for fate, rows in (("accepted", tally.accepted), ("duplicate", tally.duplicate), ("rejected", rejected)):
        deployment.metrics.rows.labels(table.name, fate).inc(rows)


def _read_array(body: bytes, most: int) -> list[Any]:
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not JSON") from None
    if not isinstance(items, list):
        raise HTTPException(422, "The body is not an array of rows")
    if len(items) > most:
        raise HTTPException(413, f"More than {most:,} rows; send them in parts, or as {NDJSON}")
    return items


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def _require_media_type(request: Request, expected: str) -> None:
    if _media_type(request) != expected:
        raise HTTPException(415, f"Send {expected}, or {NDJSON}")


def _body(content: dict[str, Any]) -> dict[str, Any]:
    """The request's body, as the OpenAPI document tells it."""
    told = {kind: {"schema": schema} for kind, schema in content.items()}
    return {"requestBody": {"required": True, "content": told}}


def _rows_of(table: Table) -> dict[str, Any]:
    kinds = {"String": "string", "Int64": "integer", "Float64": "number"}
    columns = {
        column.name: {"type": kinds.get(str(column.dtype), "string"), "description": column.meaning}
        for column in table.columns
    }
    row = {"type": "object", "properties": columns, "required": list(table.required)}
    return {"type": "array", "items": row}
