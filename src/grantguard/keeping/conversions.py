"""What an adapter made of a sender's items, kept as usage."""

from __future__ import annotations

from datetime import datetime

from grantguard.contract import USAGE
from grantguard.keeping.batches import Beside, Tally, keep_items, nothing
from grantguard.keeping.rows import Bad
from grantguard.sources.converted import Converted
from grantguard.store.database import Database


def keep_converted(database: Database, converted: Converted, now: datetime, beside: Beside = nothing) -> Tally:
    """Keep the usage, in one transaction with ``beside``; what is bad is told by its place among the sender's items."""
    tally = Tally()
    keep_items(database, USAGE, list(converted.usage), now, tally, beside)
    tally.rejected = [Bad(converted.indexes[each.index], each.pointer, each.reason) for each in tally.rejected]
    tally.rejected += [Bad(each.index, each.pointer, each.reason) for each in converted.rejected]
    return tally
