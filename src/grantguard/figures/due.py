"""What is counted, how often, and what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from grantguard.figures.measuring import measure_models
from grantguard.figures.reviews import count_campaigns, count_reviews
from grantguard.settlement import Desk
from grantguard.store.figures import Figures, find_figures, keep_figures

COUNTS: Final[dict[str, tuple[Callable[[Desk, datetime], object], timedelta]]] = {
    "campaigns": (count_campaigns, timedelta(hours=1)),
    "reviews": (count_reviews, timedelta(hours=1)),
    "models": (measure_models, timedelta(days=1)),
}
"""How each is counted, and how often without anybody asking."""


def count_due(desk: Desk, now: datetime) -> tuple[str, ...]:
    """Count what is wanted or has grown old; the names of what was."""
    done = []
    for name, (count, often) in COUNTS.items():
        with desk.database.statement() as connection:
            kept = find_figures(connection, name)
        if _is_due(kept, often, now):
            told = count(desk, now)
            with desk.database.connection() as connection:
                keep_figures(connection, name, told, now)
            done.append(name)
    return tuple(done)


def _is_due(kept: Figures, often: timedelta, now: datetime) -> bool:
    return kept.counted_at is None or kept.wanted_at is not None or now - kept.counted_at >= often
