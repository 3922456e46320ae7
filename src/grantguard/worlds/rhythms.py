"""When requests come: people in sessions, machines on clocks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grantguard.worlds.stage import DAY, HOUR, Stage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class Rhythm:
    """One person's days: how often, when, how long."""

    day_share: float
    sessions: float
    wakes: float
    """Hour at which the day begins, wherever on the globe the person is."""
    awake: float
    turns: float
    pause: float
    """Median seconds between a session's requests."""
    week: tuple[float, ...]


def draw_rhythm(stage: Stage) -> Rhythm:
    """One person's rhythm; requests of a month spread tenfold between persons."""
    rng = stage.rng
    weekend = stage.between(0.1, 1.0)
    return Rhythm(
        day_share=float(np.clip(rng.beta(1.3, 2.2), 0.04, 0.95)),
        sessions=float(rng.gamma(1.6, 1.2)) + 0.4,
        wakes=stage.between(0, 24),
        awake=stage.between(9, 16),
        turns=float(rng.gamma(1.5, 1.6)) + 1.0,
        pause=float(rng.lognormal(4.6, 0.5)),
        week=(1, 1, 1, 1, 1, weekend, weekend),
    )


def attend(rhythm: Rhythm, begins: float, hours: float, sessions: float) -> Rhythm:
    """The same person at an event: there from its begin, for so many hours."""
    return replace(rhythm, wakes=begins % DAY / HOUR, awake=hours, day_share=1.0, sessions=sessions, week=(1.0,) * 7)


def live(stage: Stage, rhythm: Rhythm, begins: float, ends: float, most: int = 1500) -> tuple[Floats, Ints]:
    """Times and session keys of a person's requests between two moments."""
    rng = stage.rng
    days = np.arange(np.floor(begins / DAY), np.floor(ends / DAY) + 1)
    if ends <= begins or not len(days):
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    weekday = ((days + 3) % 7).astype(int)
    active = rng.random(len(days)) < rhythm.day_share * np.asarray(rhythm.week)[weekday]
    counts = np.where(active, rng.poisson(rhythm.sessions, len(days)), 0)
    starts = np.repeat(days * DAY + rhythm.wakes * HOUR, counts) + rng.uniform(0, rhythm.awake * HOUR, counts.sum())
    at, session = have_sessions(stage, starts, rhythm)
    inside = (at >= begins) & (at < ends)
    return at[inside][:most], session[inside][:most]


def have_sessions(stage: Stage, starts: Floats, rhythm: Rhythm) -> tuple[Floats, Ints]:
    """Sessions that begin at these times: most have a turn or two, a few go on for long."""
    rng = stage.rng
    if not len(starts):
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    starts = np.sort(starts)
    turns = np.minimum(rng.geometric(1 / rhythm.turns, len(starts)) * rng.choice([1, 1, 1, 1, 4], len(starts)), 60)
    session = stage.last_key + 1 + np.arange(len(starts))
    stage.last_key += len(starts)
    pauses = rng.lognormal(np.log(rhythm.pause), 0.98, turns.sum()).clip(3, 5 * HOUR)
    first = np.concatenate([[0], np.cumsum(turns)[:-1]])
    pauses[first] = 0
    passed = np.cumsum(pauses)
    at = np.repeat(starts, turns) + passed - np.repeat(passed[first], turns)
    order = np.argsort(at, kind="stable")
    return at[order], np.repeat(session, turns)[order]


def tick(stage: Stage, begins: float, count: int, period: float, variation: float) -> Floats:
    """Times of a machine: ``count`` ticks of about ``period`` seconds, gaps varying by ``variation``."""
    shape = 1 / max(variation, 0.01) ** 2
    gaps = stage.rng.gamma(shape, period / shape, count)
    return begins + np.cumsum(gaps)


def drain(stage: Stage, begins: float, count: int, hours: float, humanity: float) -> tuple[Floats, Ints]:
    """Times and sessions of ``count`` requests spread over about ``hours``.

    ``humanity`` 0 is a clock; 1 is people's sessions, with nights; between, a clock that hesitates.
    """
    if humanity > stage.rng.random():
        rhythm = draw_rhythm(stage)
        rhythm.day_share = 0.9
        sessions = max(1, round(count / rhythm.turns / 1.6))
        if hours < 20:
            starts = begins + stage.rng.uniform(0, hours * HOUR, sessions)
        else:
            day = stage.rng.integers(0, max(1, round(hours / 24)), sessions)
            starts = begins + day * DAY + stage.rng.uniform(0, rhythm.awake * HOUR, sessions)
        at, session = have_sessions(stage, starts, rhythm)
        return at[:count], session[:count]
    at = tick(stage, begins, count, hours * HOUR / max(count, 1), 0.04 + 1.3 * humanity)
    return at, chunk(stage, count, stage.whole(1, 12))


def chunk(stage: Stage, count: int, size: int) -> Ints:
    """Session keys for a run of requests, so many a session."""
    keys = stage.last_key + 1 + np.arange(count) // size
    stage.last_key += count // size + 1
    return keys.astype(np.int64)
