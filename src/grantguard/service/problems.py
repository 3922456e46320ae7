"""Errors as RFC 9457 problems; a refused field is named by its JSON pointer."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from grantguard.errors import GrantguardError


class Refused(Exception):
    """A request whose rows break the contract; ``errors`` are pairs of JSON pointer and reason."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__(f"{len(errors)} row(s) refused")
        self.errors = errors


def install_problems(app: FastAPI) -> None:
    """Answer every error of ours, and every refused request, as ``application/problem+json``."""

    @app.exception_handler(RequestValidationError)
    async def refuse_shape(request: Request, error: RequestValidationError) -> JSONResponse:
        told = [("/" + "/".join(str(part) for part in each["loc"][1:]), each["msg"]) for each in error.errors()]
        return _problem(422, "The request does not have the contract's shape", request, told)

    @app.exception_handler(Refused)
    async def refuse_rows(request: Request, error: Refused) -> JSONResponse:
        return _problem(422, "Rows of the request break the contract", request, error.errors)

    @app.exception_handler(GrantguardError)
    async def fail(request: Request, error: GrantguardError) -> JSONResponse:
        return _problem(422, str(error), request, [])

    @app.exception_handler(HTTPException)
    async def tell(request: Request, error: HTTPException) -> JSONResponse:
        return _problem(error.status_code, str(error.detail), request, [])


def _problem(status: int, title: str, request: Request, errors: list[tuple[str, str]]) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "instance": request.url.path,
        "errors": [{"pointer": pointer, "detail": detail} for pointer, detail in errors],
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
