"""Rows on their way in, whichever door they come by: checked, held against what is known, durable."""

from grantguard.keeping.batches import Beside, Tally, keep_items, keep_lines
from grantguard.keeping.conversions import keep_converted
from grantguard.keeping.rows import Bad

__all__ = ["Bad", "Beside", "Tally", "keep_converted", "keep_items", "keep_lines"]
