"""Lifecycle: how grants come to an account, and what it does with its money."""

from __future__ import annotations

import polars as pl

from grantguard.histories import Billing, Grants
from grantguard.signals._signal import enough, signal


@signal(unit="grants", suspicious="high", says="{value:.0f} {value:grant was|grants were} claimed within one day")
def grant_stacking(grants: Grants) -> pl.Expr:
    """The most grants that were given within a day.

    Codes are stacked by those who collect them.

    Looks the same: a campaign's welcome bundle.
    """
    return grants.given_near.max()


@signal(unit="campaigns", suspicious="high", says="its grants come from {value:.0f} {value:campaign|campaigns}")
def campaigns_claimed(grants: Grants) -> pl.Expr:
    """Different campaigns that gave it grants.

    Few people hear of every campaign; farms read the code lists.

    Looks the same: a faithful user of many years.
    """
    return grants.campaign.n_unique()


@signal(unit="grants", suspicious="high", says="{value:.0f} {value:grant was|grants were} given as compensation")
def compensations(grants: Grants) -> pl.Expr:
    """Grants that were given to make good a fault.

    A claim that works once is made again.

    Looks the same: a customer in an unlucky region.
    """
    return (grants.kind == "compensation").sum()


@signal(
    unit="ratio", suspicious="high", says="a milestone's reward was spent {value:.1f} times as freely as what earned it"
)
def milestone_washing(grants: Grants) -> pl.Expr:
    """Credits an event paid by a milestone's reward, against those of the events before it.

    Empty chatter up to the reward, then one burst that spends it.

    Looks the same: a tutorial, then the real project.
    """
    earned = (grants.kind == "milestone") & (grants.events_before >= 5)
    return (grants.appetite_on / grants.appetite_before).filter(earned).max()


@signal(
    unit="days",
    suspicious="high",
    says="it waited {value:.0f} {value:day|days}, all but idle, and then drained a grant",
)
def aged_for_a_grant(grants: Grants) -> pl.Expr:
    """Days from opening to a grant that was then drained, with hardly an event before it.

    Accounts are aged until a campaign opens.

    Looks the same: somebody who comes back for an offer.
    """
    idle = grants.events_before < 10
    harvested = grants.spent_share >= 0.8
    return grants.since_created.filter(idle & harvested).max().clip(0, 365)


@signal(unit="hours", suspicious="low", says="it was deleted {value:.1f} hours after its grants had run dry")
def deletion_when_dry(grants: Grants) -> pl.Expr:
    """Hours from a grant's running dry to the account's deletion.

    Delete and come back as somebody new.

    Looks the same: somebody who tidies up.
    """
    return grants.deleted_after.min()


@signal(
    unit="refunds",
    suspicious="high",
    says="money was taken back {value:.0f} {value:time|times} within two weeks of running dry",
)
def refunds_when_dry(billing: Billing) -> pl.Expr:
    """Refunds and chargebacks in the two weeks after the grants had run dry.

    Subscribe, drain what the plan gives, take the money back.

    Looks the same: a dissatisfied customer, once.
    """
    taken_back = billing.kind.is_in(["refund", "chargeback"])
    return (taken_back & billing.after_dry.is_between(0, 14)).sum()


@signal(
    unit="rounds",
    suspicious="high",
    says="it subscribed and left again, {value:.0f} {value:time|times} beyond the first",
)
def subscription_rounds(billing: Billing) -> pl.Expr:
    """The fewer of its subscriptions and its departures, beyond the first: anybody may leave once.

    A grant that comes with a plan is harvested by the round.

    Looks the same: a seasonal user.
    """
    left = billing.kind.is_in(["cancel", "refund", "chargeback"]).sum()
    rounds = pl.min_horizontal((billing.kind == "subscribe").sum(), left).cast(pl.Int64)
    return (rounds - 1).clip(0)


@signal(unit="share", suspicious="high", says="{value:.0%} of its grants were given for bringing others")
def referral_income(grants: Grants) -> pl.Expr:
    """The share of granted credits that came from referrals.

    Some refer themselves.

    Looks the same: a teacher, a popular channel.
    """
    return enough(pl.len(), 2, grants.credits.filter(grants.kind == "referral").sum() / grants.credits.sum())
