"""Figures that take long to count: of campaigns, of reviews and of models, counted by a worker and kept."""

from __future__ import annotations

from grantguard.figures.due import COUNTS, count_due

__all__ = ["COUNTS", "count_due"]
