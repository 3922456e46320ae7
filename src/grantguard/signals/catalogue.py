"""Every signal, in one explicit tuple, and their extraction."""

from __future__ import annotations

import polars as pl

from grantguard.histories import Histories, run
from grantguard.signals import burn, lifecycle, links, origin, payload, tempo
from grantguard.signals._signal import ROWS, Signal

CATALOGUE: tuple[Signal, ...] = (
    tempo.gap_variation,
    tempo.gap_repetition,
    tempo.busiest_minute,
    tempo.round_the_clock,
    tempo.daily_rest,
    tempo.lone_requests,
    tempo.overlap,
    tempo.day_sameness,
    tempo.start_spread,
    burn.drain_time,
    burn.first_day_burn,
    burn.first_use_wait,
    burn.spent_grants,
    burn.silence_when_dry,
    burn.knocks_when_dry,
    burn.expiry_dump,
    burn.multiplier_gain,
    burn.dearest_share,
    burn.uncharged_output,
    burn.refunded_share,
    burn.charge_variation,
    payload.threshold_hugging,
    payload.long_input_yield,
    payload.padding_repetition,
    payload.input_variation,
    payload.input_repetition,
    payload.output_repetition,
    payload.prompt_repetition,
    payload.template_repetition,
    payload.probing,
    payload.filler,
    payload.models_tried,
    payload.output_yield,
    origin.overlap_elsewhere,
    origin.place_alternation,
    origin.places_per_day,
    origin.clients_per_day,
    origin.networks,
    origin.hand_over,
    origin.appetite_change,
    origin.strange_hands,
    origin.habit_change,
    lifecycle.grant_stacking,
    lifecycle.campaigns_claimed,
    lifecycle.compensations,
    lifecycle.milestone_washing,
    lifecycle.aged_for_a_grant,
    lifecycle.deletion_when_dry,
    lifecycle.refunds_when_dry,
    lifecycle.subscription_rounds,
    lifecycle.referral_income,
    links.shared_device,
    links.shared_payment,
    links.shared_address,
    links.shared_email,
    links.shared_script,
    links.referral_star,
    links.twins,
    links.joined_within_hour,
    links.joined_within_days,
    links.drained_neighbours,
    links.deleted_predecessors,
    links.closest_kin,
    links.close_kin,
    links.drained_kin,
    links.cycling,
    links.stuffed_seats,
)


def extract(histories: Histories) -> pl.DataFrame:
    """Signals of each account and moment asked about.

    Returns ``account_id``, ``at`` and one float column a signal, a row a subject in the order asked. One
    ``group_by`` a table; an account without rows in a table has nulls for all that the table tells.
    """
    table = histories.asked.lazy()
    for view, signals in VIEWS.items():
        told = _reduce(getattr(histories, view.frame).lazy(), signals)
        table = table.join(told, on="subject", how="left", maintain_order="left")
    return run(table.select("account_id", "at", *NAMES))


VIEWS = {view: [each for each in CATALOGUE if each.view is view] for view in dict.fromkeys(e.view for e in CATALOGUE)}
NAMES = [each.name for each in CATALOGUE]


def _reduce(frame: pl.LazyFrame, signals: list[Signal]) -> pl.LazyFrame:
    """A row a subject of ``frame``, and a column a signal."""
    told = frame.group_by("subject").agg(pl.len().alias(ROWS), *(each.expression for each in signals))
    return told.select("subject", *(each.supported for each in signals))
