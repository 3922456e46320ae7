"""What a client answers: a decision, what stands in for one on a bad day, and what became of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Action = Literal["allow", "hold", "revoke"]


DECIDED: Final = ("account_id", "action", "enforced", "decision_id")
"""What a response must have to be a decision."""

TAKEN: Final = ("accepted", "duplicate", "rejected")
"""What a response must have to say what became of rows."""


@dataclass(frozen=True)
class Decided:
    """A decision that the service took and recorded; ``body`` is the contract's Decision, whole."""

    account_id: str
    action: Action
    enforced: bool
    decision_id: str
    body: dict[str, Any]
    fallback: Literal[False] = False

    @classmethod
    def of(cls, body: dict[str, Any]) -> Decided:
        """The decision in a response that has what ``DECIDED`` names."""
        return cls(**{name: body[name] for name in DECIDED}, body=body)


@dataclass(frozen=True)
class Fallback:
    """No decision, but what to do without one, and why there is none. It was recorded nowhere: ask again."""

    account_id: str
    action: Action
    why: str
    ask_again_after: float
    fallback: Literal[True] = True
    enforced: Literal[True] = True
    decision_id: None = None


ALLOWED: Final = 100.0
"""Credits that are let go unseen by default: about two starter grants."""


@dataclass(frozen=True)
class FallbackRule:
    """What to do when the service does not answer in time.

    A grant of at most ``allow_up_to`` credits at stake is allowed: what it can lose is small. A larger one, or one
    whose size was not said, is held until the caller has asked again, after ``ask_again_after`` seconds. Never a
    revoke. Where Grantguard only recommends, give ``allow_up_to=math.inf``: a bad day must not bind more than a good.
    """

    allow_up_to: float = ALLOWED
    ask_again_after: float = 30.0

    def answer(self, account_id: str, credits_at_stake: float | None, why: str) -> Fallback:
        """The stand-in for a decision."""
        small = self.allow_up_to == float("inf") or (
            credits_at_stake is not None and credits_at_stake <= self.allow_up_to
        )
        return Fallback(account_id, "allow" if small else "hold", why, self.ask_again_after)


BY_SIZE: Final = FallbackRule()
"""The rule that is followed where no other is given."""


@dataclass(frozen=True)
class Sent:
    """What became of rows; ``index`` in ``rejected`` counts over all rows that were given, however they travelled."""

    accepted: int = 0
    duplicate: int = 0
    rejected: tuple[dict[str, Any], ...] = ()

    def add(self, body: dict[str, Any], offset: int) -> Sent:
        """With another response, whose rows began at ``offset``."""
        moved = tuple(each | {"index": each["index"] + offset} for each in body["rejected"])
        return Sent(self.accepted + body["accepted"], self.duplicate + body["duplicate"], self.rejected + moved)
