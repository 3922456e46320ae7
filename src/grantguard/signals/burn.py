"""Burn: how promotional credit is spent, what is bought with it, and what follows when it is gone."""

from __future__ import annotations

import polars as pl

from grantguard.contract import MULTIPLIERS
from grantguard.histories import Grants, Usage
from grantguard.signals._signal import enough, signal


@signal(unit="hours", suspicious="low", says="half of a grant was gone {value:.1f} hours after its first use")
def drain_time(grants: Grants) -> pl.Expr:
    """The shortest time from a grant's first use until half of it was spent.

    A farm turns a grant into goods at once; people take days to find out what it is good for.

    Looks the same: a hackathon, an evaluation run.
    """
    return grants.drain.min() / 3600


@signal(unit="share", suspicious="high", says="on average {value:.0%} of a grant was spent within a day of being given")
def first_day_burn(grants: Grants) -> pl.Expr:
    """The mean share of its grants that was spent within a day of their being given.

    Once is enthusiasm; each time is a harvest.

    Looks the same: a power user on a small plan.
    """
    return grants.first_day_share.mean()


@signal(unit="seconds", suspicious="low", says="the quickest first use came {value:,.0f} seconds after the grant")
def first_use_wait(grants: Grants) -> pl.Expr:
    """The shortest time from a grant's being given to its first use.

    Software that claims a grant spends it in the same breath.

    Looks the same: somebody who signed up in order to ask one question.
    """
    return grants.wait.min()


@signal(unit="share", suspicious="high", says="on average {value:.0%} of a grant was spent")
def spent_grants(grants: Grants) -> pl.Expr:
    """The mean share of its grants that was spent.

    Trials leave remainders; harvests leave little, and the careful ones a little more.

    Looks the same: a loyal user without a budget.
    """
    return grants.spent_share.clip(0, 1).mean()


@signal(unit="days", suspicious="high", says="{value:.0f} {value:day|days} of silence followed when a grant ran dry")
def silence_when_dry(grants: Grants) -> pl.Expr:
    """The days without a served request that followed a grant's running dry, at most thirty.

    Who came for the credit leaves with it.

    Looks the same: a workshop's visitor, somebody who cannot pay.
    """
    return grants.silence.clip(0, 30).mean()


@signal(
    unit="requests",
    suspicious="high",
    says="it knocked {value:.0f} {value:time|times} after its grants had run dry",
    needs=10,
)
def knocks_when_dry(usage: Usage) -> pl.Expr:
    """Requests that were refused or failed after the grants had run dry; ten say as much as a hundred.

    A pool finds out that an account is empty by trying it.

    Looks the same: an agent left running overnight.
    """
    dry = usage.since_dry > 0
    failed = usage.status.is_in(["error", "cancelled"])
    return enough(usage.since_dry.count(), 1, (dry & failed & (usage.promo_credits == 0)).sum().clip(0, 10))


@signal(unit="share", suspicious="high", says="{value:.0%} of a grant's use fell into its last two days")
def expiry_dump(grants: Grants) -> pl.Expr:
    """The largest share of a grant's use that fell into the two days before it expired.

    Brokers sell what is about to lapse.

    Looks the same: somebody who uses up what is left.
    """
    used = grants.expiry_share.filter(grants.spent_share >= 0.5)
    return used.max()


@signal(unit="ratio", suspicious="high", says="each credit bought {value:.1f} times its list price", needs=10)
def multiplier_gain(usage: Usage) -> pl.Expr:
    """List-price value drawn for each promotional credit.

    A credit buys most in extended context, so whoever resells compute pads work until it counts as that.

    Looks the same: legal and codebase review.
    """
    return enough(usage.charge.count(), 10, usage.promo_value.sum() / usage.promo_credits.sum())


@signal(
    unit="share", suspicious="high", says="{value:.0%} of what it drew came from the dearest kind of compute", needs=10
)
def dearest_share(usage: Usage) -> pl.Expr:
    """The share of promotional value drawn in the category with the highest multiplier.

    Resale has one product.

    Looks the same: somebody with one kind of work.
    """
    dearest = max(MULTIPLIERS, key=MULTIPLIERS.__getitem__)
    drawn = usage.promo_value.filter(usage.category == dearest).sum()
    return enough(usage.charge.count(), 10, drawn / usage.promo_value.sum())


@signal(unit="share", suspicious="high", says="{value:.1%} of the output it received was never charged", needs=20)
def uncharged_output(usage: Usage) -> pl.Expr:
    """The share of delivered output whose request was cancelled or failed and cost nothing.

    Cancelling at the last token keeps the answer and the credit.

    Looks the same: a flaky connection.
    """
    free = (usage.credits == 0) & usage.status.is_in(["error", "cancelled"])
    delivered = usage.output_tokens
    return enough(delivered.sum(), 1000, delivered.filter(free).sum() / delivered.sum())


@signal(unit="share", suspicious="high", says="{value:.1%} of its credits were given back after use", needs=20)
def refunded_share(usage: Usage) -> pl.Expr:
    """The share of charged credits that was refunded although output was delivered.

    Asking back what was consumed makes a grant last for ever.

    Looks the same: a customer hit by an incident.
    """
    refunded = (usage.status == "refunded") & (usage.output_tokens > 0)
    return usage.credits.filter(refunded).sum() / usage.credits.sum()


@signal(unit="ratio", suspicious="low", says="what its requests cost varies by only {value:.0%}", needs=30)
def charge_variation(usage: Usage) -> pl.Expr:
    """How unlike each other the charges of its requests are.

    Machines buy the same thing again and again.

    Looks the same: a batch job over like documents.
    """
    return enough(usage.charge.count(), 30, usage.charge.std() / usage.charge.mean())
