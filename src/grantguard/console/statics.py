"""The style, the script and Plotly's: served from here, so that pages work without any other host."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from plotly.offline import get_plotlyjs
from starlette.exceptions import HTTPException
from starlette.responses import Response

from grantguard.console.guarding import PREFIX

TYPES: Final = {"console.css": "text/css", "console.js": "text/javascript", "plotly.js": "text/javascript"}

FOREVER: Final = "public, max-age=31536000, immutable"
"""An address names its content's digest: whatever is there stays as it is."""


def add_statics(router: APIRouter) -> None:
    """Add the files that pages bring with them, which tell nothing and need no session."""

    @router.get("/static/{name}")
    def static(request: Request, name: str) -> Response:
        if name not in TYPES:
            raise HTTPException(404, "There is no such file")
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(_packed(name), media_type=TYPES[name], headers=headers | {"Content-Encoding": "gzip"})
        return Response(_content(name), media_type=TYPES[name], headers=headers)


@cache
def find_address(name: str) -> str:
    """Where a page finds the file."""
    return f"{PREFIX}/static/{name}?{hashlib.sha256(_content(name)).hexdigest()[:12]}"


@cache
def find_style_ids() -> tuple[str, ...]:
    """The elements that Plotly would put styles of maps into the page by; where they stand already, it leaves it."""
    return tuple(dict.fromkeys(re.findall(r'getElementById\("([0-9a-f]{64})"\)', _content("plotly.js").decode())))


@cache
def _content(name: str) -> bytes:
    if name == "plotly.js":
        return str(get_plotlyjs()).encode()
    return (files("grantguard.console") / "static" / name).read_bytes()


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_content(name))
