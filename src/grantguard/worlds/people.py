"""Genuine lives: ordinary people, and tenants whose products ask for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grantguard.worlds.lives import Bill, Grant, Habits, Life, ask, draw_habits
from grantguard.worlds.rhythms import Rhythm, chunk, draw_rhythm, live, tick
from grantguard.worlds.stage import DAY, Client, Place, Stage

Ints = NDArray[np.int64]

STARTER = 40.0
"""Credits of a starter grant."""

DOMAINS = ("mail.example", "post.example", "inbox.example", "relay.example", "letters.example")


def open_account(
    stage: Stage, kind: str, *, created: float | None = None, place: Place | None = None, device: int | None = None
) -> Life:
    """A new account with its device, place and mail, opened within the world unless told when."""
    spread = stage.opens + stage.between(0, stage.days - 4) * DAY
    life = Life(created=spread if created is None else created, kind=kind, key=stage.key())
    life.device = stage.key() if device is None else device
    life.place = place or (stage.mobile() if stage.chance(0.15) else stage.home())
    life.born_on, life.born_at = life.device, life.place
    life.email, life.domain = stage.key(), DOMAINS[stage.whole(0, len(DOMAINS) - 1)]
    return life


def welcome(stage: Stage, life: Life, credits_given: float = STARTER, campaign: str = "welcome") -> None:
    """The grant that comes with a new account; who opened long ago had a launch's grant within the world."""
    at, kind = life.created + stage.between(1, 900), "starter"
    if life.created < stage.opens:
        at, kind, campaign = stage.opens + stage.between(0, stage.days * 0.6) * DAY, "launch", "spring-launch"
    life.grants.append(Grant(kind, campaign, at, credits_given, at + stage.whole(3, 9) * 10 * DAY))


def add_perks(stage: Stage, life: Life) -> None:
    """What else an ordinary account may be given over time."""
    for kind, campaign, share in (
        ("milestone", "hundred-club", 0.05),
        ("referral", "bring-a-friend", 0.05),
        ("compensation", "incident-april", 0.03),
        ("launch", "spring-launch", 0.08),
    ):
        if stage.chance(share):
            at = life.created + stage.between(2, 60) * DAY
            only = "complex_reasoning" if stage.chance(0.15) else None
            life.grants.append(Grant(kind, campaign, at, stage.between(5, 30), at + 30 * DAY, only))


def subscribe(stage: Stage, life: Life, at: float) -> None:
    """A payer: monthly payments from a moment on, now and then a refund or an end."""
    life.plan, life.payment, life.dry = ("pro", "max", "team")[stage.whole(0, 2)], stage.key(), "pays"
    life.bills.append(Bill(at, "subscribe", 0.0))
    moment, price = at, stage.between(15, 120)
    while moment < stage.closes:
        life.bills.append(Bill(moment, "payment", price))
        moment += 30 * DAY
        if stage.chance(0.02):
            life.bills.append(Bill(moment - 20 * DAY, "refund", price))
        if stage.chance(0.08):
            life.bills.append(Bill(moment - DAY, "cancel", 0.0))
            return


def spread_over(stage: Stage, sessions: Ints, choices: list[int], share_of_first: float = 0.75) -> Ints:
    """One of the choices for each session, the first one most often."""
    keys, where = np.unique(sessions, return_inverse=True)
    rest = (1 - share_of_first) / max(len(choices) - 1, 1)
    odds = [share_of_first] + [rest] * (len(choices) - 1) if len(choices) > 1 else [1.0]
    picked = stage.rng.choice(choices, size=len(keys), p=odds)
    chosen: Ints = picked[where].astype(np.int64)
    return chosen


def use(stage: Stage, life: Life, habits: Habits, rhythm: Rhythm, begins: float, ends: float) -> None:
    """A person's use between two moments, from home, work and the way between, on one or two devices."""
    at, sessions = live(stage, rhythm, begins, min(ends, stage.closes))
    places = [life.place] + [stage.home() if stage.chance(0.5) else stage.mobile() for _ in range(stage.whole(0, 2))]
    devices = [life.device] + [stage.key() for _ in range(stage.whole(0, 1))]
    where = spread_over(stage, sessions, [life.at_place(place) for place in places])
    ask(stage, life, habits, at, where, spread_over(stage, sessions, devices), sessions)


def live_as_person(stage: Stage, life: Life, client: Client | None = None) -> Life:
    """An ordinary person's whole life: eager at first or not, staying or leaving, paying or not."""
    welcome(stage, life)
    add_perks(stage, life)
    rhythm, habits = draw_rhythm(stage), draw_habits(stage, client)
    begins = max(life.created, stage.opens - 20 * DAY) + stage.rng.exponential(0.4) * DAY
    stays = stage.chance(0.6)
    ends = stage.closes if stays else begins + stage.rng.exponential(6) * DAY
    if stage.chance(0.3):
        eager = Rhythm(**{**vars(rhythm), "day_share": 0.95, "sessions": rhythm.sessions * 2 + 1})
        use(stage, life, habits, eager, begins, min(ends, begins + stage.between(1, 6) * DAY))
    use(stage, life, habits, rhythm, begins, ends)
    if stays and stage.chance(0.35):
        subscribe(stage, life, max(stage.opens, begins) + stage.between(0, 40) * DAY)
    elif stage.chance(0.3):
        life.dry, life.knocks = "knocks", stage.whole(1, 12)
    if not stays and stage.chance(0.06):
        life.deleted = ends + stage.between(0, 20) * DAY
    return life


def make_person(stage: Stage) -> list[Life]:
    """One ordinary person; some opened their account before the world begins."""
    created = stage.opens - stage.between(5, 400) * DAY if stage.chance(0.3) else None
    return [live_as_person(stage, open_account(stage, "person", created=created))]


def make_tenant(stage: Stage) -> list[Life]:
    """A product that asks by itself: machine-regular, often round the clock, mostly paid."""
    life = open_account(stage, "tenant", place=stage.hosting())
    welcome(stage, life, stage.between(40, 200))
    habits = draw_product(stage)
    days = stage.between(5, 60)
    count = int(np.clip(stage.rng.lognormal(5.2, 0.9), 60, 1500))
    begins = life.created + stage.rng.exponential(2) * DAY
    at = tick(stage, begins, count, days * DAY / count, float(stage.rng.choice([0.1, 0.9, 1.2, 1.5, 4.0])))
    if stage.chance(0.3):
        at = at[stage.rng.random(count) < 0.5 + 0.5 * np.sin(at / DAY * 2 * np.pi)]
    work(stage, life, habits, at)
    if stage.chance(0.75):
        subscribe(stage, life, life.created + stage.between(0, 10) * DAY)
    return [life]


def draw_product(stage: Stage) -> Habits:
    """A product's way of asking: one prompt with slots, so that sizes hardly vary."""
    habits = draw_habits(stage, stage.client("sdk-python", "sdk-node", "curl"))
    habits.sent_spread = float(np.clip(stage.rng.lognormal(-1.5, 0.7), 0.03, 1.2))
    habits.delivered_spread = float(np.clip(stage.rng.lognormal(-0.7, 0.5), 0.1, 1.3))
    habits.template_share, habits.drift = stage.between(0.6, 1.0), habits.drift * 0.5
    habits.models = habits.models[:1]
    return habits


def work(stage: Stage, life: Life, habits: Habits, at: NDArray[np.float64], per_session: int = 20) -> None:
    """Requests at these times from the life's own place and device."""
    count = len(at)
    where, devices = np.full(count, life.at_place(life.place)), np.full(count, life.device)
    ask(stage, life, habits, at, where, devices, chunk(stage, count, per_session))
