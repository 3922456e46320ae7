"""User agents: the family, without version or machine."""

from __future__ import annotations

import pytest

from grantguard.sources.user_agents import family

MOZILLA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("OpenAI/Python 1.99.1", "OpenAI/Python"),
        ("curl/7.88.1", "curl"),
        ("python-requests/2.31", "python-requests"),
        ("claude-cli/1.0.5 (external, cli)", "claude-cli"),
        (MOZILLA + "Chrome/126.0 Safari/537.36", "Chrome"),
        (MOZILLA + "Chrome/126.0 Safari/537.36 Edg/126.0", "Edge"),
        ("Mozilla/5.0 (compatible)", "Mozilla"),
        ("()", None),
        (None, None),
    ],
)
def test_a_user_agent_has_a_family(said: str | None, expected: str | None) -> None:
    assert family(said) == expected


def test_a_family_is_short() -> None:
    assert len(family("x" * 1000) or "") == 64
