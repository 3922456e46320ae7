"""Origin: where requests come from, and whether it is still the same hand."""

from __future__ import annotations

import polars as pl

from grantguard.histories import Days, Usage
from grantguard.signals._signal import enough, signal


@signal(
    unit="share", suspicious="high", says="{value:.1%} of its requests ran beside one from another network", needs=20
)
def overlap_elsewhere(usage: Usage) -> pl.Expr:
    """The share of requests that began while one from another network was running.

    A traveller is in one place after another; the buyers of a shared account are in all of them at once.

    Looks the same: a laptop at home beside a server.
    """
    return usage.elsewhere.mean()


@signal(
    unit="share", suspicious="high", says="{value:.1%} of its requests went back and forth between networks", needs=20
)
def place_alternation(usage: Usage) -> pl.Expr:
    """The share of requests that came back, within the hour, to the network before the last.

    Two people on one account take turns.

    Looks the same: a phone between home network and mobile network.
    """
    return usage.returns.mean()


@signal(
    unit="prefixes",
    suspicious="high",
    says="it came from {value:.0f} address {value:prefix|prefixes} on a busy day",
    needs=3,
)
def places_per_day(days: Days) -> pl.Expr:
    """Address prefixes used on a day: the ninth decile over active days.

    A relay's exits change with every buyer.

    Looks the same: a train journey.
    """
    return enough(days.prefixes.filter(days.prefixes > 0).count(), 3, days.prefixes.quantile(0.9))


@signal(unit="clients", suspicious="high", says="it used {value:.0f} devices and clients on a busy day", needs=3)
def clients_per_day(days: Days) -> pl.Expr:
    """Pairs of device and client used on a day: the ninth decile over active days.

    One account with many users has many devices.

    Looks the same: a developer with laptop, phone and server.
    """
    return days.clients.quantile(0.9)


@signal(
    unit="networks", suspicious="high", says="its requests came from {value:.0f} {value:network|networks}", needs=20
)
def networks(usage: Usage) -> pl.Expr:
    """Different networks seen.

    An account that is passed around is seen everywhere.

    Looks the same: a traveller with a tunnel.
    """
    return enough(usage.network.count(), 20, usage.network.drop_nulls().n_unique())


@signal(
    unit="share",
    suspicious="high",
    says="{value:.0%} of its latest requests came from a new device on a new network",
    needs=30,
)
def hand_over(usage: Usage) -> pl.Expr:
    """The share of the latest quarter of requests made on a device and a network that appeared together, late.

    A sold or stolen account changes its device, its network and its appetite in one moment.

    Looks the same: a new laptop in a new town.
    """
    late = usage.position > usage.position.max() * 0.75
    return usage.foreign.filter(late).mean()


@signal(
    unit="ratio", suspicious="high", says="from its new place it spends {value:.1f} times as fast as before", needs=30
)
def appetite_change(usage: Usage) -> pl.Expr:
    """Credits an active hour since a new device on a new network appeared, against before.

    The new hand is hungrier than the old one.

    Looks the same: a project that begins with a new job.
    """
    pace = [
        usage.credits.filter(side).sum() / usage.hour.filter(side).n_unique()
        for side in (usage.foreign, ~usage.foreign)
    ]
    return enough(usage.foreign.sum(), 10, pace[0] / pace[1])


@signal(
    unit="share",
    suspicious="high",
    says="{value:.0%} of its requests came from neither the device nor the place of its sign-up",
    needs=20,
)
def strange_hands(usage: Usage) -> pl.Expr:
    """The share of requests from neither the device nor the address prefix that signed up.

    Whoever makes accounts to sell does not use them.

    Looks the same: a sign-up on the phone, work on a server.
    """
    return enough(usage.stranger.count(), 20, usage.stranger.mean())


@signal(
    unit="ratio",
    suspicious="high",
    says="its inputs are {value:.1f} times as long, or as short, as they were",
    needs=40,
)
def habit_change(usage: Usage) -> pl.Expr:
    """By what factor the typical input of the second half of requests differs from that of the first.

    Another owner has another kind of work.

    Looks the same: a change of project.
    """
    size = (1 + usage.input_tokens).log()
    late = usage.position > (usage.position.max() + usage.position.min()) / 2
    return (size.filter(late).median() - size.filter(~late).median()).abs().exp()
