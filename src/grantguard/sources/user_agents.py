"""The family of a user agent: what the client is, without its version or the machine it runs on."""

from __future__ import annotations

import re
from typing import Final

BROWSERS: Final = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
"""Products by which browsers, which all say Mozilla, are told apart; each also claims those after it."""

PRODUCT: Final = re.compile(r"[^\s/;(),]+(?:/[A-Za-z][\w.-]*)?")
"""The first product; after a slash a language belongs to it, a version does not: OpenAI/Python, curl."""

LONGEST: Final = 64


def family(user_agent: str | None) -> str | None:
    """The user agent's family; None where it does not say one."""
    if user_agent is None:
        return None
    if user_agent.startswith("Mozilla/"):
        return next((name for product, name in BROWSERS.items() if f"{product}/" in user_agent), "Mozilla")
    product = PRODUCT.match(user_agent.strip())
    return product[0][:LONGEST] if product else None
