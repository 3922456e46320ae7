"""The client of Grantguard's service, for a ledger and for a sender of usage; it can be imported alone.

It brings httpx and the hashes, and nothing else of the house: not the forest, not Polars.
"""

from __future__ import annotations

from grantguard.client.answers import Decided, Fallback, FallbackRule, Sent
from grantguard.client.awaiting import AsyncClient
from grantguard.client.blocking import Client
from grantguard.client.patience import Patience
from grantguard.errors import RequestRefused, Unavailable
from grantguard.sources.hashing import Hasher

__all__ = [
    "AsyncClient",
    "Client",
    "Decided",
    "Fallback",
    "FallbackRule",
    "Hasher",
    "Patience",
    "RequestRefused",
    "Sent",
    "Unavailable",
]
