"""What every adapter does alike to make a sender's item a row: charge it, name its category, hash its address."""

from __future__ import annotations

from collections import Counter

from grantguard.contract import CATEGORIES
from grantguard.errors import FieldRefused, ValueUnreadable
from grantguard.sources.hashing import Hasher
from grantguard.sources.mapping import Mapping, Metered

UNKNOWN_COUNTS_AS = "standard_chat"
"""The category of multiplier 1, for one that is not known."""


def charge(metered: Metered, mapping: Mapping, pointer: str, reported: Counter[str]) -> float:
    """The credits of a request. Raises ``FieldRefused`` at ``pointer`` where neither cost nor price is known."""
    charged = mapping.credits_of(metered)
    if charged is None:
        model = metered.names[0] if metered.names else "of no name"
        raise FieldRefused(pointer, f"the cost is not known, and no price in the mapping matches model '{model[:80]}'")
    if metered.cost is None:
        reported["priced_by_tokens"] += 1
    return charged


def known_cost(cost: float | None, tokens: int) -> float | None:
    """The sender's cost; None for a zero beside tokens, which says that the sender has no price for the model."""
    return None if cost == 0 and tokens else cost


def name_category(said: str | None, reported: Counter[str]) -> str:
    """The category, if it is one of the contract's; else the one of multiplier 1, and that is counted."""
    if said in CATEGORIES:
        return said
    reported["unknown_category"] += 1
    return UNKNOWN_COUNTS_AS


def hash_address(said: str | None, hasher: Hasher, reported: Counter[str]) -> dict[str, str]:
    """The columns of an address. A proxy may hand on a chain of them, the client's first."""
    if said is None:
        return {}
    first = said.partition(",")[0]
    try:
        return {"ip_hash": hasher.address(first), "ip_prefix_hash": hasher.prefix(first)}
    except ValueUnreadable:
        reported["unreadable_address"] += 1
        return {}
