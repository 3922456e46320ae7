"""Pages from templates: everything that came from outside is escaped, and a name that is missing is an error."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from grantguard.console import words
from grantguard.console.guarding import PREFIX
from grantguard.console.statics import find_address, find_style_ids

PAGES: Final = (
    ("Queue", "/queue", ("reviewer",)),
    ("Search", "/search", ("reviewer", "approver")),
    ("Confirm", "/confirm", ("approver",)),
    ("Appeals", "/appeals", ("reviewer", "approver")),
    ("Campaigns", "/campaigns", ("reviewer", "approver", "admin")),
    ("Models", "/models", ("reviewer", "approver", "admin")),
    ("Audit", "/audit", ("admin",)),
)
"""What the navigation leads to, and for which roles."""

ENVIRONMENT: Final = Environment(
    loader=PackageLoader("grantguard.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {
    "rarity": words.say_rarity,
    "number": words.say_number,
    "credits": words.say_credits,
    "share": words.say_share,
    "span": words.say_span,
    "day": words.say_day,
    "elapsed": words.say_elapsed,
    "hold": words.say_hold,
    "path": lambda name: quote(str(name), safe=""),
    "query": lambda asked: urlencode({name: value for name, value in asked.items() if value not in {None, ""}}),
}
ENVIRONMENT.globals |= {"prefix": PREFIX, "static": find_address, "style_ids": find_style_ids}


def render(request: Request, template: str, /, *, status: int = 200, **about: Any) -> HTMLResponse:  # noqa: ANN401 - any value
    """A page; ``visitor`` is whoever asks, None before log-in, and ``csrf`` what its forms carry."""
    visitor = getattr(request.state, "visitor", None)
    known = {"visitor": visitor, "csrf": "" if visitor is None else visitor.csrf, "here": _here(request)}
    known["menu"] = [] if visitor is None else [each for each in PAGES if visitor.may(*each[2])]
    return HTMLResponse(ENVIRONMENT.get_template(template).render(known | about), status)


def _here(request: Request) -> str:
    return request.url.path.removeprefix(PREFIX)
