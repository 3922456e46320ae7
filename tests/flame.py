"""Where the time of one decision goes: ``make flame`` draws docs/flame.svg.

One account of a thousand events is decided about again and again, while another thread notes which of our functions
is at work. Each box is a function, as wide as its share of the notes; what it calls stands on it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from html import escape
from pathlib import Path
from types import FrameType

from bench_service import MODEL, NOW, accounts, usage
from grantguard.assessment import assess
from grantguard.contract import Tables
from grantguard.forest import Bundle, unpack
from grantguard.store.bundles import read_bundle
from grantguard.training import NAMES

ROOT = Path(__file__).parent.parent
SOURCE = str(ROOT / "src" / "grantguard")
SECONDS, PAUSE = 15.0, 0.0005
WIDTH, LINE = 1_200, 18
COLOURS = {
    "histories": "#7aa6c2",
    "signals": "#86b894",
    "forest": "#d9a066",
    "training": "#b79ac8",
    "policy": "#c9b458",
}
Stack = tuple[str, ...]


def main() -> None:
    """Sample, draw."""
    tables, bundle = one_account(), unpack(read_bundle(MODEL), NAMES)
    decide(tables, bundle)
    noted: Counter[Stack] = Counter()
    done = threading.Event()
    watcher = threading.Thread(target=watch, args=(threading.get_ident(), noted, done))
    watcher.start()
    begins, decisions = time.perf_counter(), 0
    while time.perf_counter() - begins < SECONDS:
        decide(tables, bundle)
        decisions += 1
    taken = (time.perf_counter() - begins) / decisions
    done.set()
    watcher.join()
    title = f"one account of 1,000 events to a decision with reasons: {1e3 * taken:.0f} ms, {decisions} times"
    (ROOT / "docs" / "flame.svg").write_text(draw(noted, title))


def one_account() -> Tables:
    """An account of a thousand events, with its grant."""
    return Tables.of(
        usage=usage(["fresh-0"], 1_000), **{table.name: rows for table, rows in accounts(["fresh-0"]).items()}
    )


def decide(tables: Tables, bundle: Bundle) -> None:
    """From rows to a decision with reasons."""
    assess(tables, bundle, NOW, accounts=["fresh-0"]).decision()


def watch(thread: int, noted: Counter[Stack], done: threading.Event) -> None:
    """Note, until done, what the other thread is at."""
    while not done.wait(PAUSE):
        noted[stack_of(sys._current_frames()[thread])] += 1


def stack_of(frame: FrameType | None) -> Stack:
    """Our functions from the outermost in, and ``polars`` where it is the one at work."""
    names: list[str] = []
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(SOURCE):
            names.append(f"{Path(file).relative_to(SOURCE).with_suffix('')}:{frame.f_code.co_name}")
        elif not names and "polars" in file:
            names.append("polars")
        frame = frame.f_back
    return tuple(name for place, name in enumerate(reversed(names)) if name != "polars" or place == len(names) - 1)


def draw(noted: Counter[Stack], title: str) -> str:
    """The picture."""
    boxes: list[str] = []
    total = sum(noted.values())
    deepest = max(map(len, noted))
    stand(boxes, dict(noted), 0, 0.0, WIDTH / total, deepest)
    height = (deepest + 3) * LINE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
    said = f'<text x="4" y="{LINE}" font-size="14">{escape(title)}</text>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', said, *boxes, "</svg>\n"])


def stand(boxes: list[str], noted: dict[Stack, int], depth: int, left: float, scale: float, deepest: int) -> None:
    """Boxes of the functions at this depth, side by side, each with what it calls on it."""
    below: dict[str, dict[Stack, int]] = {}
    for stack, count in noted.items():
        if len(stack) > depth:
            below.setdefault(stack[depth], {})[stack] = count
    for name, inner in sorted(below.items()):
        width = sum(inner.values()) * scale
        if width >= 1:
            boxes.append(box(name, left, (deepest - depth + 1) * LINE, width))
            stand(boxes, inner, depth + 1, left, scale, deepest)
        left += width


def box(name: str, left: float, top: float, width: float) -> str:
    """One function."""
    room = int(width / 6.3)
    module, _, short = name.rpartition(":")
    label = escape(short if len(short) <= room else short[: max(room - 1, 0)] + "…") if room > 2 else ""
    colour = COLOURS.get(module.partition("/")[0], "#c8c8c8")
    shape = f'x="{left:.1f}" y="{top}" width="{max(width - 0.5, 0.5):.1f}" height="{LINE - 1}" fill="{colour}"'
    text = f'<text x="{left + 2:.1f}" y="{top + 13}" font-size="11">{label}</text>'
    return f"<g><title>{escape(name)} {width / WIDTH:.1%}</title><rect {shape}/>{text}</g>"


if __name__ == "__main__":
    main()
