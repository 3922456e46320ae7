"""Genuine people with one trait of a technique: for each of them, what the field guide tells it apart from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grantguard.worlds.cohorts import Cohort
from grantguard.worlds.lives import Bill, Grant, Life, draw_habits
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
from grantguard.worlds.rhythms import draw_rhythm, tick
from grantguard.worlds.stage import DAY, HOUR, Stage


def _two_accounts(stage: Stage) -> list[Life]:
    place, device, payment = stage.home(), stage.key(), stage.key()
    group = [open_account(stage, "L1", place=place, device=device) for _ in range(stage.whole(2, 3))]
    for life in group:
        live_as_person(stage, life)
        life.payment = payment if life.dry == "pays" else life.payment
    return group


def _comes_back(stage: Stage) -> list[Life]:
    first = open_account(stage, "L2", created=stage.opens + stage.between(-40, stage.days * 0.4) * DAY)
    welcome(stage, first)
    leaves = first.created + stage.between(1, 20) * DAY
    use(stage, first, draw_habits(stage), draw_rhythm(stage), first.created, leaves)
    first.deleted = leaves + stage.between(0, 20) * DAY
    returns = first.deleted + stage.between(5, 50) * DAY
    if returns > stage.closes - 2 * DAY:
        return [first]
    same = first.device if stage.chance(0.6) else None
    again = open_account(stage, "L2", created=returns, place=first.place, device=same)
    again.email, again.domain = first.email, first.domain
    return [first, live_as_person(stage, again)]


def _lapsed_payer(stage: Stage) -> list[Life]:
    life = open_account(stage, "L4", created=stage.opens - stage.between(20, 200) * DAY)
    welcome(stage, life)
    use(stage, life, draw_habits(stage), draw_rhythm(stage), stage.opens - 20 * DAY, stage.closes)
    subscribe(stage, life, stage.opens + stage.between(0, 20) * DAY)
    life.dry, life.knocks = "knocks", stage.whole(1, 6)
    life.bills.append(Bill(stage.closes - stage.between(2, 20) * DAY, "cancel", 0.0))
    return [life]


def _moves_house(stage: Stage) -> list[Life]:
    life = open_account(stage, "L5", created=stage.opens - stage.between(0, 60) * DAY)
    welcome(stage, life)
    add_perks(stage, life)
    habits, rhythm = draw_habits(stage), draw_rhythm(stage)
    moves = stage.opens + stage.between(10, stage.days - 15) * DAY
    use(stage, life, habits, rhythm, max(life.created, stage.opens - 20 * DAY), moves)
    life.place, life.device = stage.home(), stage.key()
    later = replace(habits, client=stage.client(), models=draw_habits(stage).models)
    rhythm.sessions *= stage.between(0.6, 2.5)
    use(stage, life, later, rhythm, moves, stage.closes)
    if stage.chance(0.4):
        subscribe(stage, life, stage.opens + stage.between(0, 40) * DAY)
    return [life]


def _goes_live(stage: Stage) -> list[Life]:
    life = live_as_person(stage, open_account(stage, "L9", created=stage.opens - stage.between(5, 90) * DAY))
    begins = stage.opens + stage.between(15, stage.days - 25) * DAY
    life.place, life.device = stage.hosting(), stage.key()
    count, days = stage.whole(150, 900), stage.between(10, 24)
    # Traffic grows from nothing: the square root of an even spread.
    at = begins + np.sqrt(np.sort(stage.rng.random(count))) * days * DAY
    work(stage, life, draw_product(stage), at, per_session=2)
    if life.dry != "pays" and stage.chance(0.6):
        subscribe(stage, life, begins + stage.between(0, 10) * DAY)
    return [life]


def _tries_everything(stage: Stage) -> list[Life]:
    life = open_account(stage, "L10")
    welcome(stage, life)
    greeting = replace(draw_habits(stage), sent=2.8, delivered=2.6, long_share=0.0, failures=0.1)
    greeting.models = list(range(stage.whole(3, 7)))
    work(stage, life, greeting, tick(stage, life.created + 300, stage.whole(4, 20), stage.between(5, 60), 0.9))
    use(stage, life, draw_habits(stage), draw_rhythm(stage), life.created + HOUR, stage.closes)
    if stage.chance(0.4):
        ping = replace(greeting, models=[0], repeats=0.95)
        period = stage.between(1, 8) * HOUR
        work(stage, life, ping, tick(stage, life.created + DAY, stage.whole(30, 150), period, 0.05))
    return [life]


def _collects_codes(stage: Stage) -> list[Life]:
    life = live_as_person(stage, open_account(stage, "L11"))
    for _ in range(stage.whole(2, 4)):
        at = life.created + stage.between(0, 25) * DAY
        life.grants.append(Grant("launch", f"code-{stage.whole(1, 40)}", at, stage.between(5, 20), at + 30 * DAY))
    return [life]


def _invites_friends(stage: Stage) -> list[Life]:
    head = live_as_person(stage, open_account(stage, "L12"))
    friends = []
    for _ in range(stage.whole(2, 12)):
        created = max(head.created, stage.opens) + stage.rng.exponential(12) * DAY
        if created > stage.closes - 2 * DAY:
            continue
        friend = open_account(stage, "L12", created=created, place=head.place if stage.chance(0.1) else None)
        friend.referrer = head.key
        head.grants.append(Grant("referral", "bring-a-friend", created + 600, 10, created + 60 * DAY))
        # Some never come back after they signed up.
        friends.append(live_as_person(stage, friend) if stage.chance(0.75) else friend)
    return [head, *friends]


def _studies_abroad(stage: Stage) -> list[Life]:
    domain, group = f"campus-{stage.key()}.edu", []
    for _ in range(stage.whole(2, 10)):
        life = open_account(stage, "L13")
        life.domain = domain
        life.grants.append(Grant("launch", "students", life.created + HOUR, 80, life.created + 60 * DAY))
        group.append(live_as_person(stage, life))
    return group


def _uses_it_up(stage: Stage) -> list[Life]:
    life = open_account(stage, "L14", created=stage.opens - stage.between(30, 300) * DAY)
    given = stage.opens + stage.between(0, stage.days - 45) * DAY
    life.grants.append(Grant("launch", "spring-launch", given, stage.between(40, 120), given + 30 * DAY))
    habits, rhythm = draw_habits(stage), draw_rhythm(stage)
    subscribe(stage, life, stage.opens + stage.between(0, 5) * DAY)
    use(stage, life, habits, replace(rhythm, day_share=0.15), stage.opens - 10 * DAY, given + 20 * DAY)
    hurry = replace(rhythm, day_share=0.95, sessions=rhythm.sessions * 3 + 2)
    use(stage, life, habits, hurry, given + 20 * DAY, given + 30 * DAY)
    return [life]


def _experiments(stage: Stage) -> list[Life]:
    life = open_account(stage, "L15", place=stage.site(1)[0])
    welcome(stage, life, stage.between(40, 120))
    count = stage.whole(150, 700)
    begins = life.created + stage.between(1, 10) * DAY
    period = stage.between(12, 120) * HOUR / count
    work(stage, life, draw_product(stage), tick(stage, begins, count, period, stage.between(0.05, 0.6)))
    use(stage, life, draw_habits(stage), draw_rhythm(stage), life.created, stage.closes)
    return [life]


def _every_day(stage: Stage) -> list[Life]:
    life = open_account(stage, "L16")
    first, reset = life.created // DAY + 1, stage.between(0, 24) * HOUR
    for day in range(stage.whole(10, 35)):
        at = (first + day) * DAY + reset
        life.grants.append(Grant("milestone", "daily-quota", at, 4.0, at + DAY))
    rhythm = draw_rhythm(stage)
    rhythm.day_share = stage.between(0.5, 0.95)
    use(stage, life, draw_habits(stage), rhythm, life.created, stage.closes)
    return [life]


def _accelerator(stage: Stage) -> list[Life]:
    office, begins, group = stage.site(2), stage.opens + stage.between(1, stage.days * 0.5) * DAY, []
    for _ in range(stage.whole(3, 8)):
        created = begins + stage.between(0, 3) * DAY
        life = open_account(stage, "L17", created=created, place=office[stage.whole(0, 1)])
        life.plan, life.organization, life.domain = "team", stage.key(), f"company-{stage.key()}.example"
        life.grants.append(Grant("team", "startup-programme", created + DAY, 150, created + 90 * DAY))
        count = stage.whole(50, 500)
        days = stage.between(10, 50)
        work(stage, life, draw_product(stage), tick(stage, created + 2 * DAY, count, days * DAY / count, 1.2))
        use(stage, life, draw_habits(stage), draw_rhythm(stage), created, stage.closes)
        group.append(life)
    return group


def _watches_a_model(stage: Stage) -> list[Life]:
    life = open_account(stage, "L18", place=stage.hosting() if stage.chance(0.6) else None)
    welcome(stage, life)
    if stage.chance(0.4):
        use(stage, life, draw_habits(stage), draw_rhythm(stage), life.created, stage.closes)
    size = stage.between(2.3, 4.0)
    ping = replace(draw_product(stage), sent=size, delivered=stage.between(0.7, 4.0), long_share=0.0)
    ping.models, ping.stock = [stage.whole(0, 6)], ping.stock[: stage.whole(1, 3)]
    ping.repeats, ping.sent_spread = stage.between(0.6, 1.0), stage.between(0.0, 0.3)
    # Now and then a whole test suite, else one question by the clock.
    burst = stage.whole(2, 12) if stage.chance(0.3) else 1
    begins = life.created + stage.between(0.01, 0.4) * (stage.closes - life.created)
    rounds = stage.whole(20, 300)
    period = min(stage.between(0.25, 24) * HOUR, (stage.closes - begins) / rounds)
    for at in tick(stage, begins, rounds, period, stage.between(0.0, 0.2)):
        work(stage, life, ping, tick(stage, float(at), burst, 2.0, 0.3))
    return [life]


def _lurker(stage: Stage) -> list[Life]:
    life = open_account(stage, "L19", created=stage.opens - stage.between(0, 90) * DAY)
    life.grants.append(Grant("starter", "welcome", life.created + 60, 2.0, None))
    habits, rhythm = draw_habits(stage), draw_rhythm(stage)
    use(stage, life, habits, replace(rhythm, day_share=0.1), max(life.created, stage.opens - 20 * DAY), stage.closes)
    at = stage.opens + stage.between(20, stage.days - 15) * DAY
    life.grants.append(Grant("launch", "spring-launch", at, 40, at + 30 * DAY))
    eager = replace(rhythm, day_share=0.95, sessions=rhythm.sessions * 2 + 1)
    use(stage, life, habits, eager, at + stage.rng.exponential(8) * HOUR, at + stage.between(2, 12) * DAY)
    return [life]


def _hit_by_incidents(stage: Stage) -> list[Life]:
    life = live_as_person(stage, open_account(stage, "L20"))
    for _ in range(stage.whole(1, 3)):
        # The platform's bad days are everybody's.
        at = stage.opens + (10 + 17 * stage.whole(0, 4)) * DAY + stage.between(1, 24) * HOUR
        if at > life.created:
            life.grants.append(Grant("compensation", "incident", at, stage.between(5, 25), at + 30 * DAY))
    return [life]


def _reads_long(stage: Stage) -> list[Life]:
    life = open_account(stage, "L21")
    welcome(stage, life, stage.between(40, 120))
    habits = draw_habits(stage)
    habits.long_share, habits.long_spread = stage.between(0.5, 0.98), stage.between(0.3, 0.9)
    use(stage, life, habits, draw_rhythm(stage), life.created, stage.closes)
    if stage.chance(0.5):
        subscribe(stage, life, life.created + stage.between(1, 20) * DAY)
    return [life]


def _follows_a_tutorial(stage: Stage) -> list[Life]:
    life = open_account(stage, "L22")
    life.grants.append(Grant("starter", "welcome", life.created + 60, 20.0, None))
    small = replace(draw_habits(stage), sent=stage.between(2.6, 4.5), delivered=stage.between(2.8, 4.5), long_share=0.0)
    rhythm = draw_rhythm(stage)
    rhythm.sessions, rhythm.turns, rhythm.day_share = 3.0, 8.0, 0.8
    learnt = life.created + stage.between(2, 10) * DAY
    use(stage, life, small, rhythm, life.created, learnt)
    life.grants.append(Grant("milestone", "hundred-club", learnt, 30, learnt + 30 * DAY))
    use(stage, life, draw_habits(stage), draw_rhythm(stage), learnt, stage.closes)
    return [life]


def _team(stage: Stage) -> list[Life]:
    office, team, group = stage.site(1), stage.key(), []
    begins = stage.opens + stage.between(1, stage.days * 0.6) * DAY
    for _ in range(stage.whole(3, 12)):
        created = begins + stage.rng.exponential(0.5) * DAY
        life = open_account(stage, "L23", created=min(created, stage.closes - 3 * DAY), place=office[0])
        life.plan, life.organization = "team", team
        life.grants.append(Grant("team", "team-seats", life.created + 60, 30, life.created + 60 * DAY))
        ends = stage.closes if stage.chance(0.6) else life.created + stage.between(1, 15) * DAY
        use(stage, life, draw_habits(stage), draw_rhythm(stage), life.created, ends)
        group.append(life)
    return group


def _dissatisfied(stage: Stage) -> list[Life]:
    life = open_account(stage, "L24")
    welcome(stage, life)
    leaves = life.created + stage.between(3, 25) * DAY
    use(stage, life, draw_habits(stage), draw_rhythm(stage), life.created, leaves)
    life.plan, life.payment = "pro", stage.key()
    bought = life.created + stage.between(0, 2) * DAY
    life.bills += [Bill(bought, "subscribe", 0.0), Bill(bought, "payment", 20.0), Bill(leaves + DAY, "refund", 20.0)]
    return [life]


NEIGHBOURS = (
    Cohort("L1", "two accounts, for work and home", _two_accounts),
    Cohort("L2", "back after deleting the account", _comes_back),
    Cohort("L4", "payer whose card ran out", _lapsed_payer),
    Cohort("L5", "moved house, new machine", _moves_house),
    Cohort("L9", "product that goes live", _goes_live),
    Cohort("L10", "tries every model, then pings one", _tries_everything),
    Cohort("L11", "collects public codes", _collects_codes),
    Cohort("L12", "invites friends", _invites_friends),
    Cohort("L13", "students abroad", _studies_abroad),
    Cohort("L14", "uses credit up before it lapses", _uses_it_up),
    Cohort("L15", "thesis experiment", _experiments),
    Cohort("L16", "uses a daily quota", _every_day),
    Cohort("L17", "accelerator's companies", _accelerator),
    Cohort("L18", "watches a model by the clock", _watches_a_model),
    Cohort("L19", "lurker back for a launch", _lurker),
    Cohort("L20", "compensated for incidents", _hit_by_incidents),
    Cohort("L21", "reads long documents", _reads_long),
    Cohort("L22", "follows a tutorial, and goes on", _follows_a_tutorial),
    Cohort("L23", "team that shares an office", _team),
    Cohort("L24", "dissatisfied customer", _dissatisfied),
)
"""The number is that of the technique that each is taken for."""
