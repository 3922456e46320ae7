"""Links: what an account shares with others, each value discounted by how common it is.

A campus, an office and a carrier put hundreds behind one address: beyond a few holders, an address, a
template or a network says less with every further account, and each payer among the holders vouches for it.
"""

from __future__ import annotations

import polars as pl

from grantguard.histories import Kin, Ties
from grantguard.signals._signal import enough, signal

CLOSE = 0.9
"""The joint strength of shared values from which two accounts are close kin."""


def _crowd(ties: Ties, kind: str, hub: float) -> pl.Expr:
    """Others on the account's most telling value of a kind: fewer beyond a hub's size, fewer for each payer."""
    share_unpaid = 1 - ties.payers / ties.others.clip(1)
    telling = ties.others * (-ties.others / hub).exp() * share_unpaid**2
    return telling.filter(ties.kind == kind).max()


@signal(unit="accounts", suspicious="high", says="its device was used by about {value:.0f} others")
def shared_device(ties: Ties) -> pl.Expr:
    """Other accounts on its devices, discounted by payers and by how common the device is.

    One machine with many trials is one person.

    Looks the same: a family's computer, a library.
    """
    return _crowd(ties, "device", 500)


@signal(unit="accounts", suspicious="high", says="its payment instrument was used by about {value:.0f} others")
def shared_payment(ties: Ties) -> pl.Expr:
    """Other accounts that had paid with its instrument.

    Cards are harder to come by than addresses.

    Looks the same: an agency that pays for its clients.
    """
    return ties.others.filter(ties.kind == "payment").max()


@signal(unit="accounts", suspicious="high", says="its address was used by about {value:.0f} others")
def shared_address(ties: Ties) -> pl.Expr:
    """Other accounts on its addresses, discounted by payers and by how common the address is.

    A farm has fewer exits than accounts.

    Looks the same: an office, a dormitory.
    """
    return _crowd(ties, "address", 25)


@signal(unit="accounts", suspicious="high", says="its mail address reads the same as that of {value:.0f} others")
def shared_email(ties: Ties) -> pl.Expr:
    """Other accounts with the same canonical mail address.

    Dots and plus signs make many of one.

    Looks the same: a second account for work.
    """
    return ties.others.filter(ties.kind == "email").max()


@signal(unit="accounts", suspicious="high", says="its requests use a template that about {value:.0f} others use")
def shared_template(ties: Ties) -> pl.Expr:
    """Other accounts with its templates, discounted by payers and by how common the template is.

    A farm runs one script; a product's template is known to hundreds.

    Looks the same: a class with one exercise.
    """
    return _crowd(ties, "template", 40)


@signal(unit="accounts", suspicious="high", says="its prompts are those of about {value:.0f} others, word for word")
def shared_prompt(ties: Ties) -> pl.Expr:
    """Other accounts that sent the same whole prompt, discounted by payers and by how common it is.

    Filler is copied from account to account.

    Looks the same: the prompt of a tutorial.
    """
    return _crowd(ties, "prompt", 40)


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
    more = ((1 + ties.others) / (1 + ties.expected)).log(2)
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
    """Others on its devices, instruments, mail and referrals whose grants had run dry, payers discounted.

    A ring is drained account by account.

    Looks the same: friends who share an offer.
    """
    typed = ties.kind.is_in(["device", "payment", "email", "referral"])
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


@signal(unit="strength", suspicious="high", says="the values it shares with its closest kin weigh {value:.1f}")
def closest_kin(kin: Kin) -> pl.Expr:
    """What the values shared with one other account say together, payers left out.

    Colleagues share an address; one hand shares device, template and address at once.

    Looks the same: a couple.
    """
    return kin.strength.filter(~kin.paid).max()


@signal(unit="accounts", suspicious="high", says="it has {value:.0f} close kin that never paid")
def close_kin(kin: Kin) -> pl.Expr:
    """Close kin that had not paid.

    A ring is more than a pair.

    Looks the same: a family, a student house.
    """
    return ((kin.strength >= CLOSE) & ~kin.paid).sum()


@signal(unit="accounts", suspicious="high", says="{value:.0f} of its kin had drained their grants and never paid")
def drained_kin(kin: Kin) -> pl.Expr:
    """Kin of two kinds of value, or close, that had run dry and had not paid.

    Shared values and shared appetite together are no accident.

    Looks the same: friends who came for the same offer.
    """
    near = (kin.kinds >= 2) | (kin.strength >= CLOSE)
    return (near & kin.dry & ~kin.paid).sum()


@signal(unit="hours", suspicious="low", says="one of its kin began {value:.2f} hours after the other had run dry")
def cycling(kin: Kin) -> pl.Expr:
    """The shortest time from one account's running dry to its kin's first request.

    The same person goes on with the next account.

    Looks the same: a colleague who is told of the offer.
    """
    return kin.cycle_gap.filter(~kin.paid).min()


@signal(unit="accounts", suspicious="high", says="{value:.0f} of its kin opened within a day of it")
def kin_of_the_day(kin: Kin) -> pl.Expr:
    """Kin that opened within a day of it and had not paid.

    Rings are opened in one sitting.

    Looks the same: a team that starts together.
    """
    return ((kin.hours_apart <= 24) & ~kin.paid & (kin.strength >= 0.5)).sum()


@signal(
    unit="seats", suspicious="high", says="{value:.0f} seats of its team used its device or address, one after another"
)
def stuffed_seats(kin: Kin) -> pl.Expr:
    """Kin that share at least two kinds of value and took turns with it.

    One person in all the seats of a team is in one of them at a time.

    Looks the same: a handed-on work place.
    """
    turns = kin.cycle_gap.is_not_null() & (kin.kinds >= 2)
    return enough(pl.len(), 1, turns.sum())
