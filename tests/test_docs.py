"""Docs in step with the code; every command in them runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from grantguard.reference import write_reference

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"```(?:sh|console)\n(.*?)```", re.DOTALL)


def commands(page: Path) -> list[str]:
    lines = [line.strip() for block in FENCE.findall(page.read_text()) for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.removeprefix("$ ").startswith("grantguard ")]


def test_the_reference_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "reference.md").read_text() == write_reference(), "run make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_command_of_the_readme_runs_in_order(tmp_path: Path, home: Path) -> None:
    told = [line for line in commands(ROOT / "README.md") if " serve" not in line]
    assert told
    for name in ("data", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    for line in told:
        words = [sys.executable, "-m", "grantguard", *shlex.split(line, comments=True)[1:]]
        own = os.environ | {"GRANTGUARD_HOME": str(home)}
        done = subprocess.run(words, cwd=tmp_path, env=own, capture_output=True, text=True, check=False)  # noqa: S603 - our own
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_the_readmes_make_targets_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make (\w+)", (ROOT / "README.md").read_text())) <= targets
