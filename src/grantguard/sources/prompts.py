"""The prints of a prompt, where a sender sends prompts at all: hashed at once, kept nowhere."""

from __future__ import annotations

from typing import Any, Final

from grantguard.sources.hashing import Hasher

REDACTED: Final = "redacted-by-litellm"
"""What LiteLLM says in place of a text that it was told to keep to itself."""

TEMPLATE: Final = 256
"""Characters that are taken for the leading, reusable part of a prompt without a system message."""


def hash_prompt(messages: Any, hasher: Hasher) -> dict[str, str]:  # noqa: ANN401 - whatever JSON holds
    """The columns of a prompt given as chat messages; none where it was redacted or left out."""
    if not isinstance(messages, list):
        return {}
    said = [(message.get("role"), _said(message.get("content"))) for message in messages if isinstance(message, dict)]
    texts = [content for _, content in said]
    prompt = "\0".join(texts)
    if REDACTED in texts or not prompt.strip("\0"):
        return {}
    leading = "\0".join(content for role, content in said if role in ("system", "developer") and content)
    return {"prompt_hash": hasher.prompt(prompt), "template_hash": hasher.template(leading or prompt[:TEMPLATE])}


def _said(content: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """A message's text; of one in parts, the parts that are text."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""
