"""How the engine grows, drawn: docs/bench.json as docs/growth.svg, the last step of ``make bench-scale``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
WIDTH, HEIGHT, EDGE = 460, 300, 50
COLOURS = {"floor": "#888888", "catalogue": "#3b7ea1", "score": "#c46a2b"}
FEW, APART = 2, 14
"""Powers of ten that are too few lines across, and pixels from one name to the next."""

Points = dict[str, list[tuple[float, float]]]


def main() -> None:
    """Draw seconds of processors, and memory, over events."""
    kept = json.loads((DOCS / "bench.json").read_text())
    seconds, memory = (points_of(kept["growth"], name) for name in ("processor", "gigabytes"))
    parts = [
        panel("processor seconds", seconds, 0),
        panel("peak memory, gigabytes", memory, WIDTH),
        f'<text x="{EDGE}" y="{HEIGHT - 8}" font-size="11">{escape(tell_machine(kept))}</text>',
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" font-family="sans-serif">'
    drawn = "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])
    (DOCS / "growth.svg").write_text(drawn)


def points_of(growth: list[dict[str, Any]], name: str) -> Points:
    """Millions of events and what each took of it."""
    points: Points = {}
    for each in growth:
        for what, told in ((each["what"], each["ours"]), ("floor", each["floor"])):
            if told and all(x != each["events"] / 1e6 for x, _ in points.get(what, [])):
                points.setdefault(what, []).append((each["events"] / 1e6, told[name]))
    return points


def tell_machine(kept: dict[str, Any]) -> str:
    """Where and when it was measured."""
    return f"{kept['measured_at']}, commit {kept['commit']}, {kept['cores']} cores, load {kept['load']:.1f} as it began"


def panel(title: str, points: Points, left: int) -> str:
    """One picture, both axes by powers of ten."""
    everything = [point for line in points.values() for point in line]
    xs, ys = ([math.log10(max(value, 0.1)) for value in axis] for axis in zip(*everything, strict=True))
    low_x, high_x, low_y, high_y = min(xs), max(xs) + 0.05, math.floor(min(ys)), math.ceil(max(ys))

    def place(x: float, y: float) -> tuple[float, float]:
        right = (math.log10(x) - low_x) / (high_x - low_x) * (WIDTH - 2.4 * EDGE)
        up = (math.log10(max(y, 0.1)) - low_y) / (high_y - low_y) * (HEIGHT - 2 * EDGE)
        return left + EDGE + right, HEIGHT - EDGE - up

    marks = [*ticks(steps_between(low_y, high_y), left, lambda value: place(10**low_x, value)), *lines(points, place)]
    for x, _ in max(points.values(), key=len):
        across, _ = place(x, 10.0**low_y)
        marks.append(f'<text x="{across:.0f}" y="{HEIGHT - EDGE + 16}" font-size="11">{x:.0f} M</text>')
    return "\n".join([f'<text x="{left + EDGE}" y="20" font-size="14">{title}, by events</text>', *marks])


def steps_between(low: int, high: int) -> list[float]:
    """Values for lines across: each power of ten, and where there are two alone what doubles between them."""
    between = (1, 2, 5) if high - low < FEW else (1,)
    return [step * 10.0**power for power in range(low, high) for step in between] + [10.0**high]


def ticks(values: list[float], left: int, place: Any) -> Iterator[str]:  # noqa: ANN401 - a function of one value
    """A line across for each value."""
    for value in values:
        across, down = place(value)
        yield f'<line x1="{across}" x2="{left + WIDTH - EDGE}" y1="{down}" y2="{down}" stroke="#e4e4e4"/>'
        yield f'<text x="{across - 8}" y="{down + 4}" font-size="11" text-anchor="end">{value:g}</text>'


def lines(points: Points, place: Any) -> Iterator[str]:  # noqa: ANN401 - a function of two numbers
    """A line for each piece of work, with its name beside its end, the names apart."""
    ends = {what: place(*told[-1]) for what, told in points.items()}
    above = -math.inf
    for what, (x, y) in sorted(ends.items(), key=lambda end: end[1][1]):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points[what]))
        yield f'<polyline points="{path}" fill="none" stroke="{COLOURS[what]}" stroke-width="2"/>'
        above = max(y + 4, above + APART)
        yield f'<text x="{x + 6:.0f}" y="{above:.0f}" font-size="12" fill="{COLOURS[what]}">{what}</text>'


if __name__ == "__main__":
    main()
