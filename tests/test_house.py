"""The house: imports point down, siblings never meet, nobody imports a door."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "grantguard"

GROUND = {"vocabulary", "errors", "contract", "dated", "checking", "faults", "wire"}
PURE = {
    "histories": 1,
    "signals": 2,
    "facts": 3,
    "forest": 3,
    "worlds": 1,
    "training": 4,
    "policy": 1,
    "review": 1,
    "discovery": 1,
    "authenticity": 1,
    "comparison": 1,
    "statement": 1,
    "graph": 2,
    "campaigns": 1,
    "precision": 1,
    "evaluation": 5,
    "report": 6,
}
OUTSIDE = {"sources", "store", "ledgers"}
MEETING = {
    "assessment",
    "backtest",
    "drift",
    "delivery",
    "settlement",
    "jobs",
    "keeping",
    "figures",
    "buckets",
    "parcels",
    "since",
}
DOORS = {"cli", "service", "console", "spark", "settings", "reference", "client", "__main__"}

ALLOWED = {
    "histories": GROUND,
    "signals": GROUND | {"histories"},
    "facts": GROUND | {"histories", "signals"},
    "forest": GROUND | {"signals"},
    "worlds": GROUND,
    "training": GROUND | {"histories", "signals", "facts", "forest", "worlds"},
    "policy": GROUND,
    "review": GROUND,
    "discovery": GROUND,
    "authenticity": GROUND,
    "comparison": GROUND,
    "statement": GROUND,
    "graph": GROUND | {"histories"},
    "campaigns": GROUND,
    "precision": GROUND,
    "evaluation": GROUND | {"signals", "forest", "training", "review", "authenticity"},
    "report": GROUND | {"evaluation", "backtest"},
    "sources": GROUND,
    "store": GROUND,
    "ledgers": GROUND,
    "delivery": GROUND | {"ledgers"},
    "assessment": GROUND | {"histories", "signals", "facts", "forest", "training", "policy"},
    "settlement": GROUND | {"statement", "histories", "forest", "training", "policy", "assessment", "store"},
    "keeping": GROUND | {"sources", "store"},
    "parcels": GROUND | {"sources", "histories", "signals", "facts", "forest", "policy", "assessment"},
    "figures": GROUND
    | {"campaigns", "precision", "review", "comparison", "forest", "assessment"}
    | {"drift", "backtest", "settlement", "store"},
    "buckets": GROUND | {"sources", "histories", "forest", "policy", "assessment"},
    "since": GROUND | {"histories", "signals", "facts", "forest", "training", "policy", "assessment"},
    "jobs": GROUND | {"settlement", "delivery", "figures", "store"},
    "drift": GROUND | {"forest", "signals", "facts", "training", "assessment"},
    "backtest": GROUND | {"histories", "forest", "policy", "assessment"},
}
IMPURE = {"os", "time", "random", "tempfile", "subprocess", "socket", "pathlib", "shutil", "requests", "httpx"}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_imported(path: Path) -> set[str]:
    ours = [name.split(".") for name in imports_of(path) if name.startswith("grantguard.")]
    return {parts[1] for parts in ours}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_imports_downwards_only(path: Path) -> None:
    room = room_of(path)
    if room in DOORS or room == "__init__":
        return
    allowed = ALLOWED.get(room, GROUND) | {room}
    assert rooms_imported(path) <= allowed


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_command_line_imports_another_door(path: Path) -> None:
    others = rooms_imported(path) & DOORS - {room_of(path)}
    assert not others or room_of(path) in {"cli", "reference", "__main__"}


@pytest.mark.parametrize(
    "path", [p for p in modules() if room_of(p) in PURE | dict.fromkeys(GROUND, 0)], ids=lambda p: str(p.name)
)
def test_the_pure_wing_reads_no_clock_environment_or_file(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports_of(path)} & IMPURE
    assert ".now(" not in path.read_text()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_door_for_clusters_imports_spark(path: Path) -> None:
    asked = {name.split(".")[0] for name in imports_of(path)}
    assert "pyspark" not in asked or room_of(path) == "spark"


@pytest.mark.parametrize("path", sorted((SOURCE / "client").glob("*.py")), ids=lambda path: str(path.name))
def test_the_client_brings_httpx_the_hashes_and_nothing_else(path: Path) -> None:
    allowed = {"grantguard.client", "grantguard.errors", "grantguard.sources.hashing", "httpx"}
    outer = {name for name in imports_of(path) if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in outer if not any(f"{name}.".startswith(f"{each}.") for each in allowed)} == set()


def test_the_client_can_be_imported_alone() -> None:
    line = "import sys, grantguard.client; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert not {"polars", "numpy", "pydantic", "fastapi", "sklearn", "psycopg"} & set(told.stdout.split())


def test_every_room_is_known_to_this_test() -> None:
    rooms = {room_of(path) for path in modules()} - {"__init__"}
    assert rooms <= GROUND | set(PURE) | OUTSIDE | MEETING | DOORS
