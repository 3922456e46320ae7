"""Links: what an account shares with others, each value discounted by how common it is.

A campus, an office and a carrier put hundreds behind one address: beyond a few holders, an address, a
template or a network says less with every further account, and each payer among the holders vouches for it.
"""

from __future__ import annotations

import polars as pl

from grantguard.histories import CAMPAIGN, CLASS, TOGETHER, USUALLY_DRAIN, USUALLY_RUSH, Kin, Ties, tell_doublings
from grantguard.signals._signal import signal

DAY = 24
"""Hours within which one hand goes on with the next account."""

SEVERAL = 2
"""Others from which a coincidence is none: one may always be chance, or a friend."""

STAR = 3
"""Accounts that one must have brought to have a star: a friend may never come."""

CHANCE = 2.0
"""Doublings that chance may bring: one time in four is no sign."""

FAINT = 0.5
"""A weight of less than half an account is nobody."""


def _says_more(drains: pl.Expr, drained: pl.Expr) -> pl.Expr:
    """Whether so many drained say more than one alone, who beside an account that has not is a partner or a friend."""
    return drains | (drained >= SEVERAL)


def _crowd(ties: Ties, kinds: list[str], hub: float) -> pl.Expr:
    """How far more of those on its most telling value of these kinds drain than people do, beyond ``CHANCE``.

    Payers vouch for the others; beyond a hub's size a value says less with every holder.
    """
    surprise = ties.surprise * (-ties.others / hub).exp()
    heard = surprise.filter(ties.kind.is_in(kinds), _says_more(ties.drains, ties.drained), surprise > CHANCE)
    return heard.max() - CHANCE


def _draining(kin: Kin, alike: pl.Expr) -> pl.Expr:
    """Those so alike that never paid and had spent half of what they were given: what a ring does, no class."""
    drained = alike & kin.harvests
    return drained & _says_more(kin.drains, drained.sum())


def _beyond_usual(kin: Kin, draining: pl.Expr, alike: pl.Expr) -> pl.Expr:
    """How far more of those alike, itself among them, drain than people do, and in a rush, beyond ``CHANCE``.

    ``draining`` are those of them that are asked whether they do. Times the square of the share that never paid: who
    pays vouches for the others, an agency has its clients' accounts.
    """
    size, drains, rushes = alike.sum() + 1, kin.drains.first(), kin.rushes.first()
    drained, hurried = (draining & kin.harvests).sum(), (draining & kin.hurries).sum()
    slowly = tell_doublings((drained + drains) / size, USUALLY_DRAIN, size)
    rashly = tell_doublings((hurried + rushes) / size, USUALLY_RUSH, size)
    beyond = (slowly + rashly) * (1 - (alike & kin.paid).sum() / alike.sum()) ** 2 - CHANCE
    # What is not beyond chance is not told; to ask of all this whether it is would reckon it a second time.
    return pl.when(drained > 0, _says_more(drains, drained)).then(beyond.clip(0).replace(0.0, None))


@signal(
    unit="doublings",
    suspicious="high",
    says="those on its device drain their grants oftener than people do, by {value:.1f} doublings",
)
def shared_device(kin: Kin) -> pl.Expr:
    """How far more of those on its devices drain, and in a rush, than people do, in doublings of what is usual.

    One machine with many trials is one person; a class has a room of machines, and shares them.

    Looks the same: a family that spends all it is given.
    """
    return _beyond_usual(kin, kin.machine, kin.machine)


@signal(
    unit="accounts",
    suspicious="high",
    says="its payment instrument was shown by about {value:.0f} {value:other|others}",
)
def shared_payment(ties: Ties) -> pl.Expr:
    """Other accounts with its payment instrument, discounted by those that had paid with it.

    A card that opens many trials and pays for none is one person's.

    Looks the same: an agency that pays for its clients.
    """
    return ties.unpaid.filter(ties.kind == "payment").max()


@signal(
    unit="doublings",
    suspicious="high",
    says="those on its address drain their grants oftener than people do, by {value:.1f} doublings",
)
def shared_address(ties: Ties) -> pl.Expr:
    """How far more of those on its address drain than people do; payers and common addresses discounted.

    A farm has fewer exits than accounts.

    Looks the same: an office, a dormitory.
    """
    return _crowd(ties, ["address"], 12)


@signal(
    unit="accounts",
    suspicious="high",
    says="its mail address reads the same as that of {value:.0f} {value:other|others}",
)
def shared_email(ties: Ties) -> pl.Expr:
    """Other accounts with the same canonical mail address.

    Dots and plus signs make many of one.

    Looks the same: a second account for work.
    """
    return ties.others.filter(ties.kind == "email").max()


@signal(
    unit="doublings",
    suspicious="high",
    says="those who run its script drain their grants oftener than people do, by {value:.1f} doublings",
)
def shared_script(kin: Kin) -> pl.Expr:
    """How far more of those with its template or prompt, and in other rooms, drain than people do, and in a rush.

    Those that drain and opened within a fortnight of it, among all with it: few have it, and they do not pay. A farm
    spreads its exits, keeps its script and drains all it has; a class has its exercise and its room in common, but
    for who is at home; a tutorial and a tool find readers all the year, of whom some drain.

    Looks the same: two friends with one tool.
    """
    alike, exercise = kin.script & kin.apart, (kin.script & kin.room).sum() >= CLASS
    return _beyond_usual(kin, alike & ~exercise & (kin.hours_apart <= CAMPAIGN), alike)


@signal(unit="accounts", suspicious="high", says="most of those it brought never came to use it (weight {value:.1f})")
def referral_star(ties: Ties) -> pl.Expr:
    """Accounts that it brought a fortnight ago or more and that asked twice at most, times the square of their share.

    Who refers himself makes a star of accounts that nobody uses, and has the reward. Those who were brought answer for
    nobody else: a class before its lesson and an influencer's followers are as idle.

    Looks the same: an influencer whose followers only look.
    """
    return ties.idle.filter(ties.brought, ties.others >= STAR, ties.idle > FAINT).max() - FAINT


@signal(unit="accounts", suspicious="high", says="about {value:.0f} {value:other|others} began in just the same way")
def twins(ties: Ties) -> pl.Expr:
    """Other accounts whose first requests had like sizes, spreads, pace and kind, payers discounted.

    Copies of one script begin alike.

    Looks the same: a class with one exercise.
    """
    return ties.unpaid.filter(ties.kind.is_in(["twin_0", "twin_1"])).max()


def _beyond_chance(ties: Ties, width: str) -> pl.Expr:
    bins = ties.kind.is_in([f"joined_{width}_0", f"joined_{width}_1"])
    return ties.beyond_chance.filter(bins, ties.drained >= SEVERAL).max()


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


@signal(
    unit="doublings",
    suspicious="high",
    says="those with its card or mail drain their grants oftener than people do, by {value:.1f} doublings",
)
def drained_neighbours(ties: Ties) -> pl.Expr:
    """How far more of those with its instrument or its mail drain than people do, in doublings of what is usual.

    A ring is drained account by account; payers are discounted.

    Looks the same: friends who share an offer.
    """
    return _crowd(ties, ["payment", "email"], 500)


@signal(
    unit="accounts",
    suspicious="high",
    says="{value:.0f} {value:account|accounts} with its device, card or mail drained and closed shortly before it",
)
def deleted_predecessors(ties: Ties) -> pl.Expr:
    """Accounts with its device, instrument or mail that were drained and deleted in the thirty days before it opened.

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
    """What the values shared with one other account that drains say together, where half of its close kin drain.

    Colleagues share an address; one hand shares device, template and address at once. One who pays vouches for all.

    Looks the same: a couple.
    """
    draining = _draining(kin, kin.one_hand)
    vouched = (kin.close & kin.paid).any()
    return pl.when(2 * draining.sum() >= kin.close.sum(), ~vouched).then(kin.strength.filter(draining).max())


@signal(
    unit="doublings",
    suspicious="high",
    says="close kin that opened within three days of it drain oftener than people do, by {value:.1f} doublings",
)
def close_kin(kin: Kin) -> pl.Expr:
    """How far more of its close kin opened within three days of it and drain, and in a rush, than people do.

    A family comes one by one over the months, a class spends little; a ring is opened in one sitting and drained.

    Looks the same: a couple that starts together.
    """
    return _beyond_usual(kin, kin.one_hand & (kin.hours_apart <= TOGETHER), kin.close)


@signal(
    unit="doublings",
    suspicious="high",
    says="close kin drain their grants oftener than people do, by {value:.1f} doublings",
)
def drained_kin(kin: Kin) -> pl.Expr:
    """How far more of its close kin drain, and in a rush, than people do, whenever they opened.

    One hand and one appetite: the trial is taken again and again.

    Looks the same: friends who came for the same offer.
    """
    return _beyond_usual(kin, kin.one_hand, kin.close)


def _takes_turns(kin: Kin) -> pl.Expr:
    """Whether close kin began within a day of the other's having spent half, and are of one hand or both drain.

    Of a family or an agency, some begin the day after another has spent theirs, and few go on to spend as much.
    """
    alike = kin.one_hand | (kin.drained & kin.drains)
    return kin.close & alike & ~kin.classmate & (kin.cycle_gap <= DAY)


@signal(unit="hours", suspicious="low", says="close kin began {value:.2f} hours after the other had spent half")
def cycling(kin: Kin) -> pl.Expr:
    """The shortest time from one account's having spent half of its grants to the first request of its close kin.

    The same person goes on with the next account: of one hand, or until both are drained.

    Looks the same: a colleague who is told of the offer.
    """
    return kin.cycle_gap.filter(_takes_turns(kin), ~kin.paid).min()


@signal(
    unit="seats",
    suspicious="high",
    says="beyond the first, {value:.0f} {value:seat|seats} of its team used its device or address one after another",
)
def stuffed_seats(kin: Kin) -> pl.Expr:
    """Close kin, beyond the first, that began within a day of the one's, or its own, having spent half.

    One person in all the seats of a team is in one of them at a time.

    Looks the same: a handed-on work place.
    """
    return (_takes_turns(kin).sum().cast(pl.Int64) - 1).clip(0)
