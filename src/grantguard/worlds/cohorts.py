"""Genuine people who look like gaming: each cohort of the field guide, group by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grantguard.worlds.lives import Grant, Life, draw_habits
from grantguard.worlds.people import (
    add_perks,
    draw_product,
    live_as_person,
    open_account,
    subscribe,
    use,
    welcome,
    work,
)
from grantguard.worlds.rhythms import attend, draw_rhythm, tick
from grantguard.worlds.stage import DAY, HOUR, Client, Stage


@dataclass(frozen=True)
class Cohort:
    """A look-alike: its code, its name, and what makes a group of it."""

    code: str
    name: str
    make: Callable[[Stage], list[Life]]


def _hackathon(stage: Stage) -> list[Life]:
    venue, begins = stage.site(2), stage.opens + stage.between(3, stage.days - 6) * DAY
    code = f"hackathon-{stage.key()}"
    lives = []
    for _ in range(stage.whole(15, 50)):
        created = begins + abs(stage.rng.normal(0, 0.6)) * HOUR
        life = open_account(stage, "H1", created=created, place=venue[stage.whole(0, 1)])
        life.grants.append(Grant("launch", code, created + stage.between(5, 600), 60, created + 14 * DAY))
        if stage.chance(0.4):
            welcome(stage, life)
        rhythm, habits = attend(draw_rhythm(stage), created, 14, stage.between(3, 9)), draw_habits(stage)
        rhythm.pause *= 0.5
        use(stage, life, habits, rhythm, created, created + 2 * DAY)
        if stage.chance(0.35):
            use(stage, life, habits, draw_rhythm(stage), created + 2 * DAY, stage.closes)
        lives.append(life)
    return lives


def _classroom(stage: Stage) -> list[Life]:
    campus, begins = stage.site(2), stage.opens + stage.between(1, stage.days - 40) * DAY
    size = stage.whole(12, 40)
    machines = _machines(stage, size)
    exercise, domain = draw_habits(stage, stage.client("web", "ide-0")), f"campus-{stage.key()}.edu"
    lives = []
    for seat in range(size):
        created = begins + stage.between(0, 1.2) * HOUR
        life = open_account(stage, "H2", created=created, place=campus[stage.whole(0, 1)], device=machines[seat])
        life.domain = domain
        welcome(stage, life, stage.between(60, 250))
        own = draw_habits(stage, exercise.client)
        own.sent, own.delivered = exercise.sent + stage.rng.normal(0, 0.15), exercise.delivered
        own.template, own.stock, own.repeats = exercise.template, exercise.stock, 0.4
        for week in range(stage.whole(3, 8)):
            lesson = begins + week * 7 * DAY
            rhythm = attend(draw_rhythm(stage), lesson, 2, 1.5)
            use(stage, life, own, rhythm, lesson, lesson + 4 * HOUR)
        use(stage, life, draw_habits(stage), draw_rhythm(stage), begins + DAY, begins + stage.between(2, 50) * DAY)
        lives.append(life)
    for pupil in lives[1:] if stage.chance(0.4) else []:
        pupil.referrer = lives[0].key
    return lives


def _machines(stage: Stage, size: int) -> list[int | None]:
    """Who sits at which machine: a laptop each, or the room's machines in turn, a few people at each."""
    if stage.chance(0.5):
        return [None] * size
    room = [stage.key() for _ in range(max(1, round(size / stage.between(1.5, 4))))]
    return [room[seat % len(room)] for seat in range(size)]


def _shared_exit(stage: Stage) -> list[Life]:
    exits = stage.site(4) if stage.chance(0.5) else stage.carriers[stage.whole(0, len(stage.carriers) - 1)]
    group = [open_account(stage, "H3", place=exits[stage.whole(0, len(exits) - 1)]) for _ in range(stage.whole(8, 30))]
    return [live_as_person(stage, life) for life in group]


def _company(stage: Stage) -> list[Life]:
    office, domain, organization = stage.site(1), f"company-{stage.key()}.example", stage.key()
    lives = []
    for _ in range(stage.whole(6, 30)):
        life = open_account(stage, "H4", place=office[0])
        life.domain, life.organization = domain, organization
        live_as_person(stage, life)
        if life.dry != "pays" and stage.chance(0.6):
            subscribe(stage, life, life.created + stage.between(0, 20) * DAY)
        lives.append(life)
    return lives


def _pipeline(stage: Stage) -> list[Life]:
    life = open_account(stage, "H5", place=stage.hosting())
    welcome(stage, life, stage.between(40, 150))
    count = stage.whole(150, 900)
    work(stage, life, draw_product(stage), tick(stage, life.created, count, stage.between(10, 60) * DAY / count, 0.3))
    if stage.chance(0.5):
        subscribe(stage, life, life.created + stage.between(0, 15) * DAY)
    return [life]


def _power_user(stage: Stage) -> list[Life]:
    life = open_account(stage, "H6")
    welcome(stage, life)
    add_perks(stage, life)
    habits, rhythm = draw_habits(stage, stage.client("ide-0", "ide-1", "ide-2", "ide-3")), draw_rhythm(stage)
    habits.sent, habits.uses, habits.long_share = stage.between(8, 10), (0.3, 0.6, 0.1), stage.between(0, 0.3)
    rhythm.day_share, rhythm.sessions, rhythm.turns, rhythm.pause = 0.85, stage.between(2, 6), 9.0, 40.0
    use(stage, life, habits, rhythm, life.created, stage.closes)
    if stage.chance(0.7):
        subscribe(stage, life, life.created + stage.between(1, 12) * DAY)
    else:
        life.dry, life.knocks = "knocks", stage.whole(2, 20)
    return [life]


def _benchmark(stage: Stage) -> list[Life]:
    life = open_account(stage, "H7", place=stage.hosting() if stage.chance(0.5) else None)
    welcome(stage, life, stage.between(40, 120))
    habits = draw_product(stage)
    habits.models = list(range(stage.whole(3, 7)))
    count = stage.whole(150, 600)
    begins = life.created + stage.between(0.1, 3) * DAY
    work(stage, life, habits, tick(stage, begins, count, stage.between(2, 30), 0.8))
    if stage.chance(0.6):
        use(stage, life, draw_habits(stage), draw_rhythm(stage), life.created, stage.closes)
    return [life]


def _traveller(stage: Stage) -> list[Life]:
    life = open_account(stage, "H8")
    welcome(stage, life)
    habits, rhythm = draw_habits(stage), draw_rhythm(stage)
    day = life.created
    while day < stage.closes:
        life.place = stage.home() if stage.chance(0.6) else stage.hosting()
        stay = stage.between(0.4, 4) * DAY
        use(stage, life, habits, rhythm, day, day + stay)
        day += stay
    if stage.chance(0.5):
        subscribe(stage, life, life.created + stage.between(1, 30) * DAY)
    return [life]


def _backend(stage: Stage) -> list[Life]:
    life = open_account(stage, "H9", place=stage.hosting())
    welcome(stage, life, stage.between(60, 200), "startup-programme")
    habits = draw_product(stage)
    habits.sent_spread = stage.between(0.3, 1.2)
    count = stage.whole(300, 1200)
    work(stage, life, habits, tick(stage, life.created, count, stage.between(8, 50) * DAY / count, 1.3), per_session=3)
    if stage.chance(0.7):
        subscribe(stage, life, life.created + stage.between(0, 20) * DAY)
    return [life]


def _nightly(stage: Stage) -> list[Life]:
    life = open_account(stage, "H10", place=stage.hosting() if stage.chance(0.6) else None)
    welcome(stage, life, stage.between(40, 100))
    habits, size = draw_product(stage), stage.whole(5, 30)
    hour = stage.between(0, 24) * HOUR
    for day in range(stage.whole(8, 45)):
        begins = (life.created // DAY + 1 + day) * DAY + hour
        work(stage, life, habits, tick(stage, begins, size, stage.between(3, 30), 0.4))
    if stage.chance(0.5):
        subscribe(stage, life, life.created + stage.between(0, 20) * DAY)
    return [life]


def _private_mail(stage: Stage) -> list[Life]:
    life = open_account(stage, "H11", place=stage.hosting() if stage.chance(0.3) else None)
    life.domain = "relay.example"
    return [live_as_person(stage, life)]


def _agency(stage: Stage) -> list[Life]:
    office, device, payment = stage.site(1), stage.key(), stage.key()
    lives = []
    for created in _sittings(stage, stage.whole(3, 8)):
        life = live_as_person(stage, open_account(stage, "H12", created=created, place=office[0], device=device))
        if life.dry == "pays" or stage.chance(0.5):
            subscribe(stage, life, life.created + stage.between(0, 10) * DAY)
            life.payment = payment
        lives.append(life)
    return lives


def _family(stage: Stage) -> list[Life]:
    place, device = stage.home(), stage.key()
    opened = _sittings(stage, stage.whole(2, 4))
    group = [open_account(stage, "H13", created=created, place=place, device=device) for created in opened]
    for life in group[1:] if stage.chance(0.3) else []:
        life.referrer = group[0].key
    return [live_as_person(stage, life) for life in group]


def _sittings(stage: Stage, size: int) -> list[float | None]:
    """When a small group opens its accounts: half of them one by one over the months, half on one or two evenings."""
    if stage.chance(0.5):
        return [None] * size
    begins = stage.opens + stage.between(0, stage.days - 6) * DAY
    return [begins + abs(stage.rng.normal(0, 1)) * stage.between(0.3, 30) * HOUR for _ in range(size)]


def _workshop(stage: Stage) -> list[Life]:
    venue, begins = stage.site(1), stage.opens + stage.between(1, stage.days - 3) * DAY
    lives = []
    size = stage.whole(8, 25)
    for machine in _machines(stage, size):
        created = begins + stage.between(0, 0.7) * HOUR
        life = open_account(stage, "H14", created=created, place=venue[0], device=machine)
        welcome(stage, life)
        rhythm = attend(draw_rhythm(stage), life.created, 3, 2.5)
        use(stage, life, draw_habits(stage), rhythm, life.created, begins + 5 * HOUR)
        lives.append(life)
    return lives


def _early_adopter(stage: Stage) -> list[Life]:
    client = Client(f"new-client-{stage.key()}", True, True, True, stage.key())  # noqa: FBT003 - tells all three
    return [live_as_person(stage, open_account(stage, "H15"), client) for _ in range(stage.whole(1, 5))]


def _night_shift(stage: Stage) -> list[Life]:
    life = open_account(stage, "H16")
    welcome(stage, life)
    rhythm = draw_rhythm(stage)
    rhythm.wakes, rhythm.awake, rhythm.day_share = 20.0, 10.0, 0.7
    use(stage, life, draw_habits(stage), rhythm, life.created, stage.closes)
    if stage.chance(0.35):
        subscribe(stage, life, life.created + stage.between(2, 30) * DAY)
    return [life]


COHORTS = (
    Cohort("H1", "hackathon", _hackathon),
    Cohort("H2", "classroom", _classroom),
    Cohort("H3", "campus or carrier exit", _shared_exit),
    Cohort("H4", "company behind one exit", _company),
    Cohort("H5", "pipeline or review bot", _pipeline),
    Cohort("H6", "power user, agentic coder", _power_user),
    Cohort("H7", "benchmark run", _benchmark),
    Cohort("H8", "traveller with a tunnel", _traveller),
    Cohort("H9", "startup's backend", _backend),
    Cohort("H10", "nightly batch", _nightly),
    Cohort("H11", "private mail", _private_mail),
    Cohort("H12", "agency with clients' accounts", _agency),
    Cohort("H13", "family device", _family),
    Cohort("H14", "workshop visitor who never returns", _workshop),
    Cohort("H15", "early adopter of a new client", _early_adopter),
    Cohort("H16", "night shift", _night_shift),
)
