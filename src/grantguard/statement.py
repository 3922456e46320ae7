"""The statement of reasons, in two wordings: one for whoever holds the account, one for the house.

The account holder is told what was done, to which credit, for how long, whether a person looked, and how to object.
What was seen, which numbers spoke and where their bounds lie would teach evasion, and is told in the house alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grantguard.vocabulary import Decision, Label

DONE: Final = {
    "hold": "We have paused promotional credit of your account",
    "revoke": "We have withdrawn promotional credit from your account",
    "allow": "The promotional credit of your account is free to use",
}
GROUND: Final = (
    "The way in which it was used does not look like the use that promotional credit is given for,"
    " which is the work of one person or team."
)
COMPROMISED: Final = (
    "There are signs that somebody else has used your account. Please change your password and your keys;"
    " you have done nothing wrong."
)
BY_HAND: Final = "A person has looked at it."
BY_MACHINE: Final = "This was found automatically."
STANDS: Final = "A person has looked again, and the decision stands."
GIVEN_BACK: Final = (
    "A person has looked again and agrees with you: the promotional credit of your account is given back."
)
UNTOUCHED: Final = "Credit that you paid for is not affected."
OBJECT: Final = (
    "If this is a mistake, tell us in your own words what you use the credit for, and a person will look again."
)


@dataclass(frozen=True)
class Said:
    """What a person said: the verdict, or the end of an appeal, by whom, when, and why."""

    what: Label | str
    by: str
    at: datetime
    why: str


def tell_holder(decision: Decision, verdict: Label | None, appeal: str | None = None) -> str:
    """What the account holder is told of a decision, of a person's verdict, and of an appeal (its end, if any)."""
    if appeal == "overturned":
        return GIVEN_BACK
    done = f"{STANDS} {_done(decision)}" if appeal == "upheld" else _done(decision)
    if decision.action == "allow":
        return done
    looked = [] if appeal == "upheld" or verdict == "compromised" else [BY_HAND if verdict else BY_MACHINE]
    ground = COMPROMISED if verdict == "compromised" else GROUND
    return "\n".join([done, ground, *looked, UNTOUCHED, *([] if appeal else [OBJECT])])


def tell_house(decision: Decision, said: tuple[Said, ...]) -> str:
    """What the house keeps: the decision in its numbers, every reason, and what persons said, the newest first."""
    risk = "not scored" if decision.risk is None else f"risk {decision.risk:.3f}, p-value {decision.p_value:.3g}"
    how = "binding" if decision.enforced else "recommended"
    lines = [
        f"Decision {decision.decision_id} of {decision.at:%Y-%m-%d %H:%M} UTC: {decision.action} ({how}), {risk}",
        f"Promotional credits: {decision.promo_credits_left:,.1f} left, {decision.promo_credits_spent:,.1f} spent",
        f"Seen: {decision.support.events:,} events on {decision.support.days:,} days",
        f"Model {decision.model_version}, rules {decision.rules_version}",
    ]
    lines += [f"- {each.signal} ({each.family}): {each.text}; {_beside(each.typical)}" for each in decision.reasons]
    lines += [f"- {each.what} said {each.by} on {each.at:%Y-%m-%d %H:%M} UTC: {each.why or 'no note'}" for each in said]
    return "\n".join(lines)


def _done(decision: Decision) -> str:
    when = f" since {decision.at:%d %B %Y}"
    until = f". The pause ends by itself on {decision.held_until:%d %B %Y}" if decision.held_until else ""
    return f"{DONE[decision.action]}{when} ({', '.join(decision.grants) or 'all grants'}){until}."


def _beside(typical: float | None) -> str:
    return "most others have none" if typical is None else f"typical is {typical:.3g}"
