"""A life: one account's facts, grants, requests and bills, before they are charged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grantguard.worlds.stage import Client, Place, Stage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Dry = Literal["stops", "knocks", "pays"]
"""What an account does when its grants are gone."""

OK, ERROR, CANCELLED, REFUNDED = range(4)
NEVER = -1
"""The key of what is not told."""

THRESHOLD = 128_000
"""Input tokens from which a request counts as extended context on this stage's platform."""

REASONING, TOOLS, CHAT = 1, 2, 3

NOWHERE = Place(NEVER, NEVER, 0, 0)


@dataclass
class Requests:
    """Requests of one account, a row each; keys are of the stage."""

    at: Floats
    sent: Ints
    delivered: Ints
    category: Ints
    status: Ints
    place: Ints
    device: Ints
    client: Ints
    session: Ints
    template: Ints
    prompt: Ints
    model: Ints
    latency: Ints


@dataclass
class Grant:
    """Promotional credit, before it is spent."""

    kind: str
    campaign: str
    at: float
    credits: float
    until: float | None = None
    category: str | None = None


@dataclass
class Bill:
    """One billing event."""

    at: float
    kind: str
    amount: float


@dataclass
class Life:
    """One account of a world."""

    created: float
    kind: str
    role: str = "genuine"
    ring: int | None = None
    key: int = 0
    plan: str = "free"
    device: int = NEVER
    """The device in use; ``born_on`` is the one that signed up."""
    born_on: int = NEVER
    born_at: Place = NOWHERE
    place: Place = NOWHERE
    email: int = NEVER
    domain: str = "mail.example"
    payment: int = NEVER
    organization: int = NEVER
    referrer: int = NEVER
    deleted: float | None = None
    dry: Dry = "stops"
    knocks: int = 0
    leaves: float = 0.0
    """The share of each grant that is never spent: a careful hand stops short of the last credit."""
    grants: list[Grant] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    requests: list[Requests] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    def at_place(self, place: Place) -> int:
        """The number of a place among this account's."""
        if place not in self.places:
            self.places.append(place)
        return self.places.index(place)

    def with_client(self, client: Client) -> int:
        """The number of a client among this account's."""
        if client not in self.clients:
            self.clients.append(client)
        return self.clients.index(client)


@dataclass
class Habits:
    """How one hand asks: sizes in natural logarithms, between-request spread and drift, what for, with what."""

    sent: float
    sent_spread: float
    delivered: float
    delivered_spread: float
    drift: float
    uses: tuple[float, float, float]
    """Shares of reasoning, tools and chat among requests below the threshold."""
    long_share: float
    """Share of requests that bring a long document."""
    long_sent: float
    long_spread: float
    client: Client
    template: int
    template_share: float
    repeats: float
    """Share of prompts taken from a small stock rather than written anew."""
    stock: list[int]
    models: list[int]
    failures: float = 0.02
    cancels: float = 0.01
    refunds: float = 0.0
    """Share of requests whose credits are asked back, and given back."""
    free_answers: float = 0.0
    """Share of requests cancelled when the answer was there, and so not charged."""
    humanity: float = 1.0
    """How requests come where a grant is being drained: 0 by a clock, 1 in people's sessions."""


def draw_habits(stage: Stage, client: Client | None = None) -> Habits:
    """One person's ways, drawn between persons: log-sizes spread by about one, within by about a half."""
    rng = stage.rng
    chosen = client or stage.client()
    reader = stage.chance(0.08)
    return Habits(
        sent=float(rng.normal(6.3, 1.1)),
        sent_spread=float(np.clip(rng.lognormal(-0.5, 0.5), 0.08, 1.6)),
        delivered=float(rng.normal(5.0, 0.9)),
        delivered_spread=float(np.clip(rng.lognormal(-0.4, 0.45), 0.1, 1.5)),
        drift=float(rng.lognormal(-1.2, 0.5)),
        uses=draw_uses(stage),
        long_share=stage.between(0.2, 0.95) if reader else float(rng.beta(0.3, 12)),
        long_sent=float(np.log(THRESHOLD) + abs(rng.normal(0.3, 0.5))),
        long_spread=stage.between(0.15, 0.8),
        client=chosen,
        template=chosen.template if chosen.template is not None else stage.key(),
        template_share=float(rng.beta(2, 2)),
        repeats=float(rng.beta(0.6, 9)),
        stock=[stage.key() for _ in range(stage.whole(3, 30))],
        models=[int(model) for model in rng.choice(7, size=stage.whole(1, 3), replace=False)],
        failures=float(rng.beta(1.5, 60)),
        cancels=float(rng.beta(1.2, 80)),
        humanity=float(np.clip(stage.stealth + rng.normal(0, 0.35), 0, 1)),
    )


def draw_uses(stage: Stage) -> tuple[float, float, float]:
    """One person's shares of reasoning, tools and chat."""
    reasoning, tools, chat = stage.rng.dirichlet([0.7, 0.7, 1.6])
    return float(reasoning), float(tools), float(chat)


def ask(stage: Stage, life: Life, habits: Habits, at: Floats, where: Ints, devices: Ints, sessions: Ints) -> None:
    """Add requests at these times, from these of the life's places, devices and sessions (keys; one a request)."""
    rng, count = stage.rng, len(at)
    if not count:
        return
    sent, is_long = _draw_sent(stage, habits, at)
    delivered = np.exp(rng.normal(habits.delivered, habits.delivered_spread, count) + _drift(stage, habits, at))
    short = rng.choice([REASONING, TOOLS, CHAT], size=count, p=np.asarray(habits.uses) / sum(habits.uses))
    category = np.where(is_long, 0, short)
    delivered = np.where(category == REASONING, delivered * 2.5, delivered).clip(1, 16_000).astype(np.int64)
    status, delivered = _draw_status(stage, habits, delivered)
    client = life.with_client(habits.client)
    told = habits.client
    stocked = rng.random(count) < habits.repeats
    fresh = stage.last_key + 1 + np.arange(count)
    stage.last_key += count
    prompt = np.where(stocked, rng.choice(habits.stock, count), fresh)
    templated = rng.random(count) < habits.template_share
    speed = rng.lognormal(-4.2, 0.3, count)
    life.requests.append(
        Requests(
            at=at,
            sent=sent,
            delivered=delivered,
            category=category,
            status=status,
            place=where,
            device=devices if told.tells_device else np.full(count, NEVER),
            client=np.full(count, client),
            session=sessions if told.tells_session else np.full(count, NEVER),
            template=np.where(templated, habits.template, NEVER),
            prompt=prompt if told.tells_prompt else np.full(count, NEVER),
            model=rng.choice(habits.models, count),
            latency=(300 + delivered * speed * 1000 + sent * 0.01).astype(np.int64),
        )
    )


def _draw_sent(stage: Stage, habits: Habits, at: Floats) -> tuple[Ints, NDArray[np.bool_]]:
    rng, count = stage.rng, len(at)
    is_long = rng.random(count) < habits.long_share
    short = np.exp(rng.normal(habits.sent, habits.sent_spread, count) + _drift(stage, habits, at))
    long = np.exp(
        np.log(THRESHOLD) + np.abs(rng.normal(habits.long_sent - np.log(THRESHOLD), habits.long_spread, count))
    )
    sent = np.where(is_long, long, short.clip(3, THRESHOLD - 1)).clip(3, 900_000).astype(np.int64)
    return sent, is_long


def _drift(stage: Stage, habits: Habits, at: Floats) -> Floats:
    """A slow walk of the log-size from week to week."""
    weeks = ((at - at.min()) // (7 * 86_400)).astype(int)
    walk = np.cumsum(stage.rng.normal(0, habits.drift * 0.5, weeks.max() + 1))
    drift: Floats = walk[weeks] - walk[0]
    return drift


def _draw_status(stage: Stage, habits: Habits, delivered: Ints) -> tuple[Ints, Ints]:
    """Failures deliver nothing; who cancels has part of the answer, or, with an eye to it, all."""
    luck = stage.rng.random(len(delivered))
    failed = luck < habits.failures
    cancelled = ~failed & (luck < habits.failures + habits.cancels)
    snatched = luck > 1 - habits.free_answers
    refunded = ~snatched & (luck > 1 - habits.free_answers - habits.refunds)
    status = np.select([failed, cancelled | snatched, refunded], [ERROR, CANCELLED, REFUNDED], OK)
    part = stage.rng.uniform(0, 0.6, len(delivered))
    kept = np.where(failed, 0, np.where(cancelled, delivered * part, delivered)).astype(np.int64)
    return status, kept
