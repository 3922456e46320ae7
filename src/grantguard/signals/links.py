"""Links: what an account shares with others, each value discounted by how common it is.

A campus, an office and a carrier put hundreds behind one address: beyond a few holders, an address, a
template or a network says less with every further account, and each payer among the holders vouches for it.
"""

from __future__ import annotations

import polars as pl

from grantguard.histories import Kin, Ties
from grantguard.signals._signal import enough, signal

HOUSEHOLD = 3
"""Others with whom a couple, or a desk, shares a device."""

CLOSE = 0.75
"""The joint strength of shared values from which two accounts are close kin."""


def _crowd(ties: Ties, kind: str, hub: float, *, dry: bool = False) -> pl.Expr:
    """Others on the account's most telling value of a kind: fewer beyond a hub's size, fewer for each payer.

    ``dry`` counts those alone whose grants had run dry: who shares a room does not share that.
    """
    share_unpaid = 1 - ties.payers / ties.others.clip(1)
    telling = (ties.drained if dry else ties.others) * (-ties.others / hub).exp() * share_unpaid**2
    return telling.filter(ties.kind == kind).max()


@signal(unit="accounts", suspicious="high", says="its device was used by about {value:.0f} others beyond a household")
def shared_device(ties: Ties) -> pl.Expr:
    """Other accounts on its devices beyond a household, discounted by payers and by how common the device is.

    One machine with many trials is one person.

    Looks the same: a family's computer, a library.
    """
    return (_crowd(ties, "device", 500) - HOUSEHOLD).clip(0)


@signal(unit="accounts", suspicious="high", says="its payment instrument was shown by about {value:.0f} others")
def shared_payment(ties: Ties) -> pl.Expr:
    """Other accounts with its payment instrument, discounted by those that had paid with it.

    A card that opens many trials and pays for none is one person's.

    Looks the same: an agency that pays for its clients.
    """
    return _crowd(ties, "payment", 500)


@signal(unit="accounts", suspicious="high", says="about {value:.0f} others on its address had run dry")
def shared_address(ties: Ties) -> pl.Expr:
    """Others on its addresses whose grants had run dry, discounted by payers and by how common the address is.

    A farm has fewer exits than accounts.

    Looks the same: an office, a dormitory.
    """
    return _crowd(ties, "address", 25, dry=True)


@signal(unit="accounts", suspicious="high", says="its mail address reads the same as that of {value:.0f} others")
def shared_email(ties: Ties) -> pl.Expr:
    """Other accounts with the same canonical mail address.

    Dots and plus signs make many of one.

    Looks the same: a second account for work.
    """
    return ties.others.filter(ties.kind == "email").max()


@signal(unit="accounts", suspicious="high", says="its script also runs elsewhere, in accounts numbering {value:.0f}")
def shared_script(kin: Kin) -> pl.Expr:
    """Unpaid accounts with a template or a prompt that few have, and with no address in common.

    A farm spreads its exits and keeps its script; a class has its exercise and its room in common.

    Looks the same: readers of one tutorial.
    """
    return (kin.script & ~kin.room & ~kin.paid).sum()


@signal(
    unit="accounts", suspicious="high", says="{value:.0f} accounts that look like it stand in one star of referrals"
)
def referral_star(ties: Ties) -> pl.Expr:
    """Other accounts brought by the same one, payers discounted.

    Who refers himself makes a star of accounts that never pay.

    Looks the same: a teacher who refers a class.
    """
    return _crowd(ties, "referral", 100)


@signal(unit="accounts", suspicious="high", says="about {value:.0f} others began in just the same way")
def twins(ties: Ties) -> pl.Expr:
    """Other accounts whose first requests had like sizes, spreads, pace and kind, payers discounted.

    Copies of one script begin alike.

    Looks the same: a class with one exercise.
    """
    unpaid = ties.others * (1 - ties.payers / ties.others.clip(1)) ** 2
    return unpaid.filter(ties.kind.is_in(["twin_0", "twin_1"])).max()


def _beyond_chance(ties: Ties, width: str) -> pl.Expr:
    more = ((1 + ties.drained) / (1 + ties.expected)).log(2)
    return more.filter(ties.kind.is_in([f"joined_{width}_0", f"joined_{width}_1"])).max()


@signal(
    unit="doublings",
    suspicious="high",
    says="those who joined in its hour behave like it, {value:.1f} doublings beyond chance",
)
def joined_within_hour(ties: Ties) -> pl.Expr:
    """How many joined within the same hour and behave alike, in doublings of what chance brings.

    A script opens accounts one after another, and all behave as it does.

    Looks the same: a workshop that begins at ten.
    """
    return _beyond_chance(ties, "hour")


@signal(
    unit="doublings",
    suspicious="high",
    says="those who joined in its days behave like it, {value:.1f} doublings beyond chance",
)
def joined_within_days(ties: Ties) -> pl.Expr:
    """How many joined within the same three days and behave alike, in doublings of what chance brings.

    A patient farm still has one hand.

    Looks the same: a new product's first users.
    """
    return _beyond_chance(ties, "days")


@signal(unit="accounts", suspicious="high", says="{value:.0f} others with one of its values had run dry")
def drained_neighbours(ties: Ties) -> pl.Expr:
    """Others with its instrument, its mail or its referrer whose grants had run dry, payers discounted.

    A ring is drained account by account.

    Looks the same: friends who share an offer.
    """
    typed = ties.kind.is_in(["payment", "email", "referral"])
    unpaid = ties.drained * (1 - ties.payers / ties.others.clip(1)) ** 2
    return unpaid.filter(typed).max()


@signal(
    unit="accounts",
    suspicious="high",
    says="{value:.0f} accounts with its device, card or mail were deleted shortly before it opened",
)
def deleted_predecessors(ties: Ties) -> pl.Expr:
    """Accounts with its device, instrument or mail that were deleted in the thirty days before it opened.

    Delete and recreate: the name is new, the hand is not.

    Looks the same: somebody who comes back.
    """
    return ties.deleted.filter(ties.kind.is_in(["device", "payment", "email"])).max()


@signal(
    unit="strength",
    suspicious="high",
    says="it shares with another account what strangers do not share (weight {value:.1f})",
)
def closest_kin(kin: Kin) -> pl.Expr:
    """What the values shared with one other account say together, payers left out.

    Colleagues share an address; one hand shares device, template and address at once.

    Looks the same: a couple.
    """
    return kin.strength.filter(kin.strength >= CLOSE, ~kin.paid, kin.dry | (kin.hours_apart <= 72)).max()


@signal(unit="accounts", suspicious="high", says="{value:.0f} close kin opened within three days of it")
def close_kin(kin: Kin) -> pl.Expr:
    """Close kin that opened within three days of it and had not paid.

    A family comes one by one over the months; a ring is opened in one sitting.

    Looks the same: a couple that starts together.
    """
    return ((kin.strength >= CLOSE) & ~kin.paid & (kin.hours_apart <= 72)).sum()


@signal(unit="accounts", suspicious="high", says="{value:.0f} of its close kin had drained their grants and never paid")
def drained_kin(kin: Kin) -> pl.Expr:
    """Close kin that had run dry and had not paid.

    One hand and one appetite: the trial is taken again and again.

    Looks the same: friends who came for the same offer.
    """
    return (((kin.strength >= CLOSE) & kin.dry & ~kin.paid).sum().cast(pl.Int64) - 1).clip(0)


@signal(unit="hours", suspicious="low", says="close kin began {value:.2f} hours after the other had run dry")
def cycling(kin: Kin) -> pl.Expr:
    """The shortest time from one account's running dry to the first request of its close kin.

    The same person goes on with the next account.

    Looks the same: a colleague who is told of the offer.
    """
    return kin.cycle_gap.filter(~kin.paid, kin.strength >= CLOSE, kin.cycle_gap <= 24).min()


@signal(
    unit="seats", suspicious="high", says="{value:.0f} seats of its team used its device or address, one after another"
)
def stuffed_seats(kin: Kin) -> pl.Expr:
    """Close kin that began within a day of the one's, or its own, running dry.

    One person in all the seats of a team is in one of them at a time.

    Looks the same: a handed-on work place.
    """
    turns = (kin.cycle_gap <= 24) & (kin.strength >= CLOSE)
    return enough(pl.len(), 1, turns.sum())
