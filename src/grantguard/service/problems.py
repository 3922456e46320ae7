"""Errors as RFC 9457 problems; a refused field is named by its JSON pointer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from grantguard.errors import (
    AccountUnknown,
    AppealSettled,
    AppealUnknown,
    BodyUnreadable,
    BundleMissing,
    DecisionUnknown,
    GrantguardError,
    GrantUnknown,
    NotEnforceable,
    NothingToAppeal,
    RingUnknown,
    StoreUnreachable,
)

MEDIA_TYPE: Final = "application/problem+json"

STATUSES: Final[dict[type[GrantguardError], int]] = {
    **dict.fromkeys((AccountUnknown, GrantUnknown, DecisionUnknown, RingUnknown, BundleMissing, AppealUnknown), 404),
    **dict.fromkeys((NotEnforceable, NothingToAppeal, AppealSettled), 409),
    BodyUnreadable: 400,
    StoreUnreachable: 503,
}
"""What our errors are over HTTP; any other is 422."""

RETRY_AFTER: Final = 2
"""Seconds after which to ask again while the store is away."""

MEANINGS: Final = {
    400: "The body cannot be read",
    401: "No key, or none in force",
    403: "The key has not the scope",
    404: "Nothing of this name",
    409: "It is under way, or does not go with what is",
    413: "Too much at once",
    415: "A content type that is not taken here",
    422: "The request breaks the contract; fields are named by their JSON pointers",
    429: "Too many requests: wait for Retry-After",
    503: "The store does not answer: wait for Retry-After",
}


class Refused(Exception):
    """A request whose rows break the contract; ``errors`` are pairs of JSON pointer and reason."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__(f"{len(errors)} row(s) refused")
        self.errors = errors


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of these statuses."""
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": MEANINGS[status], "content": {MEDIA_TYPE: shape}} for status in statuses}


def install_problems(app: FastAPI) -> None:
    """Answer every error of ours, and every refused request, as ``application/problem+json``."""

    @app.exception_handler(RequestValidationError)
    async def refuse_shape(request: Request, error: RequestValidationError) -> JSONResponse:
        told = [(_pointer(each["loc"]), each["msg"]) for each in error.errors()]
        return problem(422, "The request does not have the contract's shape", request.url.path, told)

    @app.exception_handler(Refused)
    async def refuse_rows(request: Request, error: Refused) -> JSONResponse:
        return problem(422, "Rows of the request break the contract", request.url.path, error.errors)

    @app.exception_handler(GrantguardError)
    async def fail(request: Request, error: GrantguardError) -> JSONResponse:
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 422)
        headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else {}
        # What a database says of itself is no caller's business.
        title = MEANINGS[503] if status == 503 else str(error)
        return problem(status, title, request.url.path, headers=headers)

    @app.exception_handler(HTTPException)
    async def tell(request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), request.url.path, headers=error.headers)


def problem(
    status: int,
    title: str,
    path: str,
    errors: list[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response that tells a problem."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "instance": path,
        "errors": [{"pointer": pointer, "detail": detail} for pointer, detail in errors or []],
    }
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def _pointer(place: tuple[int | str, ...]) -> str:
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in place[1:])
    return "/" + "/".join(escaped)
