"""How numbers and times are said on pages: in words that a person can weigh, and with no hour of the day."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from grantguard.store.risks import Rated
from grantguard.vocabulary import Reason

NOT_KNOWN: Final = "–"

RARE, UNUSUAL = 0.005, 0.05
"""From which p-values an account is called very unusual, and unusual."""


def say_rarity(p_value: float | None) -> str:
    """A p-value as one in so many."""
    if p_value is None:
        return "too little is known to compare it"
    if p_value > 0.5:
        return "most trusted accounts look as extreme"
    return f"1 in {round_to_two(1 / p_value):,} trusted accounts looks as extreme"


def round_to_two(number: float) -> int:
    """The number to two digits: what is rarer than that is not known more exactly."""
    step = 10 ** max(0, math.floor(math.log10(max(number, 1.0))) - 1)
    return int(round(number / step) * step)


def say_headline(rated: Rated | None) -> str:
    """What is seen of an account in one sentence: how unusual, why, and what is at stake."""
    if rated is None:
        return "Not scored yet."
    if rated.p_value is None:
        return f"Too little history to compare it; {say_credits(rated.promo_credits_left)} are left."
    degree = next((word for least, word in _DEGREES if rated.p_value <= least), None)
    why = f": {join_reasons(rated.reasons[:2])}" if rated.reasons else ""
    seen = "Nothing unusual" if degree is None else f"{degree}{why}"
    return f"{seen}; {say_credits(rated.promo_credits_left)} are at risk."


_DEGREES: Final = ((RARE, "Very unusual"), (UNUSUAL, "Unusual"))


def join_reasons(reasons: tuple[Reason, ...]) -> str:
    """The reasons' sentences as one."""
    return ", and ".join(reason.text for reason in reasons)


def say_credits(amount: float) -> str:
    """An amount of promotional credit."""
    return f"{say_number(amount)} promotional credits"


def say_number(value: float | None) -> str:
    """A number as long as it needs to be."""
    if value is None or not math.isfinite(value):
        return NOT_KNOWN
    size = abs(value)
    return (
        f"{value:,.0f}" if size >= 100 or value == round(value) else f"{value:,.1f}" if size >= 10 else f"{value:.3g}"
    )


def say_times(count: int) -> str:
    """How often something happened."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def say_share(share: float | None) -> str:
    """A share in per cent."""
    return NOT_KNOWN if share is None else f"{100 * share:.0f} %"


def say_span(span: timedelta | None) -> str:
    """A length of time in its two greatest units."""
    if span is None:
        return NOT_KNOWN
    seconds = abs(int(span.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours and days < 30 else f"{days} d"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"


def say_day(moment: datetime | None) -> str:
    """A date: at which hour something was done is nobody's business here."""
    return NOT_KNOWN if moment is None else f"{moment.day} {moment:%b %Y}"


def say_hold(held_until: datetime | None, now: datetime) -> str:
    """The clock of a hold."""
    if held_until is None:
        return "no end is set"
    return f"releases itself in {say_span(held_until - now)}" if held_until > now else "is due for release"


def say_elapsed(moment: datetime | None, since: datetime | None) -> str:
    """How long after the grant something was; the hour of the day is not told."""
    if moment is None or since is None:
        return NOT_KNOWN
    if moment < since:
        return f"{say_span(since - moment)} before"
    days, rest = divmod(moment - since, timedelta(days=1))
    return f"day {days}, {say_span(rest)}"
