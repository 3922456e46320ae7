"""Tempo: what the rhythm of requests tells about who, or what, sends them."""

from __future__ import annotations

import polars as pl

from grantguard.histories import Days, Usage
from grantguard.signals._signal import enough, signal


@signal(unit="ratio", suspicious="low", says="gaps between requests vary by only {value:.0%}", needs=20)
def gap_variation(usage: Usage) -> pl.Expr:
    """How unevenly requests are spaced within an hour.

    People read, think and leave; a loop that drains a grant fires on a clock.

    Looks the same: a nightly batch job, a load test.
    """
    return enough(usage.pause.count(), 20, usage.pause.std() / usage.pause.mean())


@signal(unit="share", suspicious="high", says="{value:.0%} of the gaps between requests are the same", needs=20)
def gap_repetition(usage: Usage) -> pl.Expr:
    """How many gaps fall into the most common step of five percent.

    A timer repeats itself to the second; a person cannot.

    Looks the same: a monitoring probe, a scheduled job.
    """
    step = usage.gap_step
    return enough(step.count(), 20, step.drop_nulls().unique_counts().max() / step.count())


@signal(
    unit="requests", suspicious="high", says="{value:.0f} {value:request|requests} began within one minute", needs=10
)
def busiest_minute(usage: Usage) -> pl.Expr:
    """The most requests that began within one clock minute.

    A farm empties a grant as fast as the platform lets it.

    Looks the same: an agent that fans out, a backend at noon.
    """
    return usage.minute.unique_counts().max()


@signal(unit="share", suspicious="high", says="active in {value:.0%} of the hours of its active time", needs=40)
def round_the_clock(usage: Usage) -> pl.Expr:
    """The share of clock hours with a request, from the first to the last.

    A person who works hard is active in a third of all hours at most; a relay never sleeps.

    Looks the same: a review bot, a product's backend.
    """
    span = usage.hour.max() - usage.hour.min() + 1
    return enough(span, 72, usage.hour.n_unique() / span)


@signal(unit="hours", suspicious="low", says="its longest pause on a typical day is {value:.1f} hours", needs=3)
def daily_rest(days: Days) -> pl.Expr:
    """The median, over active days, of the day's longest pause.

    Everybody sleeps; an account that many use, or that a machine uses, does not pause.

    Looks the same: a backend, a shift team on one account.
    """
    busy = days.rest.filter(days.events >= 10)
    return enough(busy.count(), 3, busy.median())


@signal(unit="share", suspicious="high", says="{value:.0%} of its sessions end after one request", needs=20)
def lone_requests(usage: Usage) -> pl.Expr:
    """The share of sessions that hold a single request.

    Traffic that a relay spreads over a pool reaches each account in pieces.

    Looks the same: a classifier, one-off questions.
    """
    session = usage.session_id
    return enough(session.count(), 20, (session.drop_nulls().unique_counts() == 1).mean())


@signal(unit="share", suspicious="high", says="{value:.1%} of its requests began while another was running", needs=20)
def overlap(usage: Usage) -> pl.Expr:
    """The share of requests that began before an earlier one had ended.

    One person waits for an answer; several buyers of one account do not wait for each other.

    Looks the same: an agent with parallel tools, a backend.
    """
    return usage.overlaps.mean()


@signal(unit="ratio", suspicious="low", says="what it uses varies by only {value:.0%} from one active day to the next")
def day_sameness(days: Days) -> pl.Expr:
    """How much the number of requests varies from one active day to the next.

    Who drinks a renewing quota to the last drop uses the same amount each day.

    Looks the same: a nightly job.
    """
    return enough(pl.len(), 7, days.events.std() / days.events.mean())


@signal(unit="hours", suspicious="low", says="its days begin within {value:.1f} hours of each other")
def start_spread(days: Days) -> pl.Expr:
    """The interquartile range of the time at which a day's use begins, whatever that time is.

    An account that resumes at the tick of a quota's reset begins each day at the same second.

    Looks the same: a scheduled job, a strict morning routine.
    """
    start = days.first_second
    return enough(pl.len(), 7, (start.quantile(0.75) - start.quantile(0.25)) / 3600)
