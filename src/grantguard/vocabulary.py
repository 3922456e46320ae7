"""The nouns of the house, frozen: what a decision says and what it is made of.

Higher is more suspicious, everywhere. "Unusual" and "suspicious" are all that Grantguard says of
an account by itself; only a person's verdict says abuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

Action = Literal["allow", "hold", "revoke"]
Status = Literal["scored", "too_little_history"]
Label = Literal["abuse", "genuine", "compromised"]
Family = Literal["tempo", "burn", "payload", "origin", "lifecycle", "links"]
Evidence = Literal["conduct", "identity", "money"]

FAMILIES: Final[tuple[Family, ...]] = ("tempo", "burn", "payload", "origin", "lifecycle", "links")

EVIDENCE_OF: Final[dict[Family, Evidence]] = {
    "tempo": "conduct",
    "burn": "conduct",
    "payload": "conduct",
    "origin": "identity",
    "links": "identity",
    "lifecycle": "money",
}
"""Which kind of evidence a family gives. A script is odd in tempo, burn and payload at once: that is one kind."""

KINDS_OF_EVIDENCE: Final[tuple[Evidence, ...]] = ("conduct", "identity", "money")


@dataclass(frozen=True)
class Reason:
    """One signal's share in a risk, in numbers and in a sentence."""

    signal: str
    family: Family
    value: float
    unit: str
    typical: float | None
    percentile: float
    contribution: float
    text: str


@dataclass(frozen=True)
class Recheck:
    """When to ask again: after so many more credits, or at a time, whichever comes first."""

    after_credits: float | None
    after_at: datetime | None


@dataclass(frozen=True)
class Support:
    """How much was known: events and days seen, and the families that could not speak."""

    events: int
    days: int
    missing_families: tuple[Family, ...]


@dataclass(frozen=True)
class Decision:
    """What the ledger is told about an account's open promotional grants; immutable once taken."""

    decision_id: str
    account_id: str
    grants: tuple[str, ...]
    at: datetime
    action: Action
    enforced: bool
    status: Status
    risk: float | None
    p_value: float | None
    held_until: datetime | None
    recheck: Recheck
    reasons: tuple[Reason, ...]
    support: Support
    promo_credits_spent: float
    promo_credits_left: float
    model_version: str
    rules_version: str


@dataclass(frozen=True)
class Tranche:
    """How much more promotional credit an account may spend until the next look; no ``credits``: all that is left."""

    credits: float | None
    until: datetime | None


NoticeKind = Literal["grant.hold", "grant.release", "grant.revoke", "account.verdict"]


@dataclass(frozen=True)
class Notice:
    """One thing that a ledger is told. However often it is sent, its id stays the same.

    ``sequence`` rises with every notice about one grant, so that a ledger can tell the newer of two. A verdict is
    about the whole account: it has no ``grant_id``, and says what the person said. A release may let go of a part.
    """

    notice_id: str
    kind: NoticeKind
    timestamp: datetime
    decision: Decision
    grant_id: str | None
    sequence: int
    verdict: Label | None = None
    tranche: Tranche | None = None


@dataclass(frozen=True)
class Due:
    """A notice whose turn it is, and the number of tries that this one makes."""

    notice: Notice
    attempts: int


@dataclass(frozen=True)
class Capabilities:
    """What a ledger can do with a grant, and why it cannot do the rest."""

    can_hold: bool
    can_release: bool
    can_revoke: bool
    otherwise: str = "the ledger has no such verb"


@dataclass(frozen=True)
class Taken:
    """The ledger has the notice; what it makes of it, it reports itself."""

    detail: str


@dataclass(frozen=True)
class Outcome:
    """What the ledger made of a notice: final, and never tried again."""

    status: Literal["applied", "refused"]
    detail: str | None = None
    credits_affected: float | None = None


@dataclass(frozen=True)
class Retry:
    """The notice did not get through; the ledger may have said how long to wait."""

    reason: str
    after: timedelta | None = None


@dataclass(frozen=True)
class Gone:
    """The ledger wants no more notices: delivery stops until a person turns it on again."""

    reason: str


Answer = Taken | Outcome | Retry | Gone


class Ledger(Protocol):
    """Whoever keeps the credits and is told what to do with them."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def deliver(self, notice: Notice) -> Answer:
        """Tell it; what goes wrong on the way is an answer, not an exception."""
