"""Every signal, in one explicit tuple, and their extraction."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from grantguard.histories import UNLINKED, Histories, Past, View, run, run_all
from grantguard.signals import burn, lifecycle, links, origin, payload, tempo
from grantguard.signals._signal import Signal

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


NAMES = tuple(each.name for each in CATALOGUE)
VIEWS = {view: [each for each in CATALOGUE if each.view is view] for view in dict.fromkeys(e.view for e in CATALOGUE)}


def extract(histories: Histories) -> pl.DataFrame:
    """Signals of each account and moment asked about.

    Returns ``account_id``, ``at`` and one float column a signal, a row a subject in the order asked. One reduction
    a table; an account without rows in a table has nulls for all that the table tells, and one that has spent next to
    nothing for how it asks.
    """
    asked = histories.asked
    told = np.full((asked.height, len(CATALOGUE)), np.nan)
    tables = {view: getattr(histories, view.frame) for view in VIEWS}
    known = [view for view, rows in tables.items() if rows.height]
    reduced = run_all(_reduce(tables[view], view, alone=asked.height == 1) for view in known)
    for view, rows in zip(known, reduced, strict=True):
        subjects, values = _read(rows, view)
        told[subjects[:, None], PLACES[view]] = values
    told[~(told[:, SPENT, None] >= LEAST_SPENT) & TEMPO_AND_PAYLOAD] = np.nan
    columns = _name(told[asked["subject"].to_numpy()])
    return pl.DataFrame([asked["account_id"], asked["at"], *columns])


def extract_others(past: Past, signals: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Signals, by themselves, of the accounts that ``near`` (``other, at``) names: what they share is not told.

    Those of whom ``signals`` tells (``account_id, at``) are not read again.
    """
    asked = near.lazy().select("at", account_id="other").unique(maintain_order=True).select("account_id", "at")
    known = signals.lazy()
    untold = asked.join(known, on=["account_id", "at"], how="anti", maintain_order="left")
    unread = run(untold.filter(pl.col("account_id").is_in(past.account_ids.implode())))
    if unread.height:
        known = pl.concat([known, extract(past.up_to(unread, UNLINKED)).lazy()])
    # Whoever brought an account may be in no table: nothing is known of it, and it is company all the same.
    told = known.join(asked, on=["account_id", "at"], how="semi").unique(["account_id", "at"], keep="first")
    return hide_links(run(asked.join(told, on=["account_id", "at"], how="left", maintain_order="left")))


def hide_links(signals: pl.DataFrame) -> pl.DataFrame:
    """The same without what accounts share: what each is like by itself."""
    return signals.with_columns(pl.lit(None, pl.Float64).alias(name) for name in OF_LINKS)


OF_LINKS = [each.name for each in CATALOGUE if each.family == "links"]
"""The signals that tell what is shared with others."""

LEAST_SPENT = 0.2
"""The mean share of its grants from which tempo and payload are heard: a monitor has a clock, and costs little."""

SPENT = NAMES.index("spent_grants")
TEMPO_AND_PAYLOAD = np.array([each.family in ("tempo", "payload") for each in CATALOGUE])

PLACES = {view: [CATALOGUE.index(each) for each in signals] for view, signals in VIEWS.items()}
"""Where the signals of each view stand in the catalogue."""

NEEDS = {view: np.array([each.needs for each in signals]) for view, signals in VIEWS.items()}
"""How many rows make a history for each of them."""

REDUCTIONS = {view: (pl.len(), *(each.expression for each in signals)) for view, signals in VIEWS.items()}
"""What each view is reduced to: how many rows there are, and its signals."""


def _reduce(rows: pl.DataFrame, view: type[View], *, alone: bool) -> pl.LazyFrame:
    """A row a subject: it, how many rows it has, and the signals of the view."""
    if alone:  # to look for groups where there is one takes half as long again
        return rows.lazy().select(pl.col("subject").first(), *REDUCTIONS[view])
    return rows.lazy().group_by("subject").agg(REDUCTIONS[view])


def _read(reduced: pl.DataFrame, view: type[View]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Each subject and, (subjects, signals of the view), what is told of it.

    It is NaN where it is no number, or fewer rows than a signal ``needs`` are there.
    """
    numbers = reduced.to_numpy()
    subjects, counted, told = numbers[:, 0], numbers[:, 1:2], numbers[:, 2:]
    return subjects.astype(np.intp), np.where((counted >= NEEDS[view]) & np.isfinite(told), told, np.nan)


def _name(table: NDArray[np.float64]) -> list[pl.Series]:
    """The columns of a table of all signals; NaN is null."""
    rows = len(table)
    numbers = pl.Series(table.ravel(order="F"), nan_to_null=True)
    return [numbers.slice(place * rows, rows).alias(name) for place, name in enumerate(NAMES)]
