"""The prepared tables that signals reduce, as namespaces of documented columns.

A signal takes one of these classes as its parameter; ``usage.gap`` is the Polars expression of the
column ``gap``. Every column is as of its row, so no signal can look past the moment asked about.
"""

from __future__ import annotations

from typing import ClassVar

import polars as pl


class Prepared:
    """A prepared column; reading it gives its Polars expression."""

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember the name that the column has in the frame."""
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> pl.Expr:
        """Give the column as an expression."""
        return pl.col(self.name)


class View:
    """A table to reduce: ``frame`` names the field of ``Histories`` that holds it."""

    frame: ClassVar[str]

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Each prepared column with its meaning."""
        return {name: column.meaning for name, column in vars(cls).items() if isinstance(column, Prepared)}


class Usage(View):
    """One row an event within the window, sorted by time."""

    frame = "usage"

    occurred_at = Prepared("when it began")
    gap = Prepared("seconds since the account's previous event")
    pause = Prepared("the gap; null from an hour on")
    gap_step = Prepared("the pause in steps of five percent")
    minute = Prepared("the clock minute that it began in")
    hour = Prepared("the clock hour that it began in")
    category = Prepared("the kind of compute")
    is_long = Prepared("whether it was charged as extended context")
    input_tokens = Prepared("tokens sent")
    output_tokens = Prepared("tokens delivered")
    input_step = Prepared("tokens sent, in steps of two percent")
    output_step = Prepared("tokens delivered, in steps of two percent; null below fifty")
    status = Prepared("ok, error, cancelled or refunded")
    model = Prepared("the model asked for")
    client = Prepared("user agent family or SDK")
    session_id = Prepared("the conversation or run")
    prompt_hash = Prepared("the whole prompt, hashed")
    template_hash = Prepared("the prompt's reusable part, hashed")
    network = Prepared("the client's autonomous system")
    ip_prefix_hash = Prepared("the client's address prefix, hashed")
    device_hash = Prepared("the device, hashed")
    credits = Prepared("credits charged")
    promo_credits = Prepared("credits charged to promotional grants")
    charge = Prepared("those credits; null where there were none")
    promo_value = Prepared("list-price value of those credits")
    granted = Prepared("promotional credits given to the account so far")
    left_share = Prepared("share of the given credits that is left after this event")
    since_dry = Prepared("seconds since the grants ran dry; null while they had not")
    position = Prepared("which event of the account this is, from 1")
    since_first = Prepared("seconds since the account's first event")
    overlaps = Prepared("whether an earlier request was still running")
    elsewhere = Prepared("whether the request still running came from another network")
    returns = Prepared("whether it came back, within the hour, to the network before the last")
    foreign = Prepared("whether device or client, and network, both appeared together after the account had a past")
    stranger = Prepared("whether neither the sign-up's device nor its address prefix was used")
    near_threshold = Prepared("extended context alone: whether the input lies just above the threshold")


class Days(View):
    """One row an active day of the account."""

    frame = "days"

    day = Prepared("the day")
    events = Prepared("events on it")
    rest = Prepared("the longest pause on it, in hours")
    first_second = Prepared("seconds from midnight to its first event")
    prefixes = Prepared("address prefixes used on it")
    clients = Prepared("pairs of device and client used on it")


class Grants(View):
    """One row a promotional grant given by then."""

    frame = "grants"

    granted_at = Prepared("when it was given")
    kind = Prepared("starter, referral, milestone, …")
    campaign = Prepared("what it was given for")
    credits = Prepared("how much was given")
    spent_share = Prepared("the share of it that was spent")
    first_day_share = Prepared("the share of it spent within a day of being given")
    expiry_share = Prepared("what was spent in its last two days, as a share of what was spent")
    wait = Prepared("seconds from its giving to its first use")
    drain = Prepared("seconds from its first use until half of it was spent; null while it was not")
    silence = Prepared("days without a request that was served since it ran dry; null while it had not")
    given_near = Prepared("grants given to the account within the day before it, itself among them")
    since_created = Prepared("days from the account's opening to its giving")
    events_before = Prepared("events of the account before it was given")
    appetite_before = Prepared("credits an event before it was given")
    appetite_on = Prepared("credits an event that it paid for")
    deleted_after = Prepared("hours from its running dry to the account's deletion; null where there was none")


class Billing(View):
    """One row a billing event."""

    frame = "billing"

    kind = Prepared("payment, refund, chargeback, subscribe or cancel")
    amount_usd = Prepared("its amount, in US dollars")
    after_dry = Prepared("days from the grants' last running dry to it; null where they had not")


class Ties(View):
    """One row a link value that the account had shown."""

    frame = "ties"

    kind = Prepared("device, payment, address, prefix, email, template, referral, organization, twin, …")
    others = Prepared("other accounts that had shown it by then")
    payers = Prepared("those of them that had paid by then")
    drained = Prepared("those of them that had spent half of what they were given by then")
    drains = Prepared("whether the account itself had")
    settled = Prepared("those of them that had come to use the product, with three events, by then")
    seasoned = Prepared("those of them that had shown it a fortnight before then")
    brought = Prepared("whether the others are those whom this account brought")
    deleted = Prepared("those of them that were drained, and deleted in the 30 days before this account was opened")
    expected = Prepared("others that chance alone would bring, where chance can be computed; else null")
    unpaid = Prepared("the others, times the square of the share of them that never paid")
    surprise = Prepared("how far more of all on it drain than people do, in doublings, times that same square")
    idle = Prepared("the idle ones that had time to settle, times the square of their share, times that same square")
    beyond_chance = Prepared("those that drained, in doublings of what chance would bring; else null")


class Kin(View):
    """One row another account that had shown the same uncommon value."""

    frame = "kin"

    machine = Prepared("whether the two share a device")
    script = Prepared("whether the two share a template or a prompt that few have")
    room = Prepared("whether the two share an address or a prefix")
    apart = Prepared("whether they share none, and addresses of this account are known")
    strength = Prepared("what the shared values say together; few holders say more")
    hours_apart = Prepared("hours between the openings of the two")
    drained = Prepared("whether the other had spent half of what it was given by then")
    drains = Prepared("whether the account itself had")
    rushes = Prepared("whether the account itself had, within three days of its first request")
    paid = Prepared("whether the other had paid by then")
    cycle_gap = Prepared("hours from the one's having spent half to the other's first event; null where they overlap")
    close = Prepared("whether the two share so much that they are close kin")
    one_hand = Prepared("whether they are, of one script or of two rooms")
    classmate = Prepared("whether the other is of its room, where many opened together with it")
    harvests = Prepared("whether the other had spent half, had never paid, and is no classmate")
    hurries = Prepared("whether it does, and had within three days of its first request")
