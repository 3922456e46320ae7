"""Techniques of one hand with many accounts; stealth spreads their devices, slows them and varies their requests."""

from __future__ import annotations

from dataclasses import replace
from math import log

from grantguard.worlds.crews import (
    HOURS_OF_A_DRAIN,
    Crew,
    costlier,
    farm_size,
    gather,
    give,
    minutes,
    opening_times,
    spend,
)
from grantguard.worlds.lives import THRESHOLD, Bill, Grant, Life
from grantguard.worlds.people import STARTER
from grantguard.worlds.stage import DAY, HOUR, Stage


def cycle_trials(stage: Stage, room: int) -> list[Life]:
    """T1: one person, one account after another, the next begun when the last is dry; hidden: after hours."""
    crew = gather(stage, "T1", stage.whole(3, max(3, min(room, 8))))
    lives: list[Life] = []
    moment = stage.opens + stage.between(1, stage.days * 0.4) * DAY
    for number in range(min(room, stage.whole(3, 8))):
        life = crew.recruit(stage, moment, number)
        begins = give(life, moment + minutes(0.2, 5, stage)).at
        habits = costlier(crew.habits(stage), STARTER * 1.3)
        end = spend(stage, life, habits, begins, STARTER * 1.3, stage.easing(3, 100))
        life.dry, life.knocks = "knocks", stage.whole(0, 3)
        lives.append(life)
        moment = end + stage.easing(0.1, 20) * HOUR
    return lives


def recreate(stage: Stage, room: int) -> list[Life]:
    """T2: sign up, drain, delete, come back with the same mail or device; hidden: days later, from elsewhere."""
    crew = gather(stage, "T2", stage.whole(2, max(2, min(room, 6))))
    mail = stage.key()
    lives: list[Life] = []
    moment = stage.opens + stage.between(1, stage.days * 0.4) * DAY
    for number in range(min(room, stage.whole(2, 6))):
        life = crew.recruit(stage, moment, number)
        life.email = life.email if stage.hides() and stage.hides() else mail
        begins = give(life, moment + minutes(0.2, 30, stage)).at
        end = spend(
            stage, life, costlier(crew.habits(stage), STARTER * 1.2), begins, STARTER * 1.2, stage.easing(4, 120)
        )
        life.deleted = end + stage.easing(0.5, 60) * HOUR
        lives.append(life)
        moment = life.deleted + stage.easing(0.3, 72) * HOUR
    return lives


def farm(stage: Stage, room: int) -> list[Life]:
    """T3: scripted sign-ups that drain at machine speed; hidden: spread over days, exits and sizes."""
    size = farm_size(stage, room)
    return [_drained(stage, gather_member, 1.15) for gather_member in _members(stage, "T3", size)]


def _members(stage: Stage, code: str, size: int) -> list[tuple[Crew, Life]]:
    crew = gather(stage, code, size)
    return [(crew, crew.recruit(stage, created, i)) for i, created in enumerate(opening_times(stage, size))]


def _drained(stage: Stage, member: tuple[Crew, Life], excess: float) -> Life:
    crew, life = member
    begins = give(life, life.created + stage.easing(3, 4000)).at + stage.easing(5, 20 * HOUR)
    wanted = STARTER * excess * stage.easing(1.0, 0.85)
    spend(stage, life, costlier(crew.habits(stage), wanted), begins, wanted, stage.easing(*HOURS_OF_A_DRAIN))
    life.dry, life.knocks = "knocks", stage.whole(0, 4)
    return life


def pool(stage: Stage, room: int) -> list[Life]:
    """T6: a pool behind a relay: each account serves thin slices of strangers' traffic, day and night."""
    size = farm_size(stage, min(room, 30))
    lives = []
    for crew, life in _members(stage, "T6", size):
        begins = give(life, life.created + stage.easing(30, 8000)).at + stage.easing(0.2, 30) * HOUR
        for _ in range(stage.whole(4, 9)):
            stranger = replace(crew.habits(stage), repeats=0.02, free_answers=stage.easing(0.2, 0.01))
            stranger.sent, stranger.delivered = stage.rng.normal(6.3, 1.2), stage.rng.normal(5.2, 0.9)
            stranger.sent_spread, stranger.models = 0.7, [stage.whole(0, 6)]
            spend(stage, life, stranger, begins, STARTER / 5, stage.easing(30, 300), most=80)
        life.dry, life.knocks = "knocks", stage.whole(2, 10)
        lives.append(life)
    return lives


def hydra(stage: Stage, room: int) -> list[Life]:
    """T8: many unremarkable accounts that distil a model: one template, long answers, in step."""
    size = farm_size(stage, room)
    crew = gather(stage, "T8", size)
    crew.script.delivered, crew.script.template_share = stage.between(6.5, 7.8), stage.easing(0.99, 0.7)
    lives = []
    for number, created in enumerate(opening_times(stage, size)):
        life = crew.recruit(stage, created, number)
        begins = give(life, created + stage.easing(30, 40_000)).at + stage.easing(0.5, 48) * HOUR
        spend(stage, life, crew.habits(stage), begins, STARTER * stage.between(0.8, 1.2), stage.easing(20, 400))
        lives.append(life)
    return lives


def stack_coupons(stage: Stage, room: int) -> list[Life]:
    """T11: leaked codes of several campaigns claimed within hours, then drained."""
    lives = []
    for crew, life in _members(stage, "T11", max(2, min(room, stage.whole(2, 10)))):
        claims = round(stage.easing(8, 3))
        for claim in range(claims):
            at = life.created + 60 + claim * stage.easing(60, 30 * HOUR)
            give(life, at, kind="launch", campaign=f"code-{stage.whole(1, 40)}", size=15)
        spend(
            stage,
            life,
            costlier(crew.habits(stage), 15.0 * claims),
            life.created + HOUR,
            15.0 * claims,
            stage.easing(5, 250),
        )
        lives.append(life)
    return lives


def refer_oneself(stage: Stage, room: int) -> list[Life]:
    """T12: a star of invited accounts that do nothing, and one that spends what they bring."""
    size = max(4, min(room, stage.whole(6, 30)))
    (crew, head), *others = _members(stage, "T12", size)
    begins = give(head, head.created + 60).at
    for _, invited in others:
        invited.referrer = head.key
        give(invited, invited.created + 60, size=10)
        give(head, invited.created + 600, kind="referral", campaign="bring-a-friend", size=10)
        if stage.chance(0.5):
            spend(stage, invited, crew.habits(stage), invited.created + 0.2 * HOUR, 4, stage.easing(0.3, 100), most=30)
    total = 40.0 + 10 * len(others)
    spend(stage, head, costlier(crew.habits(stage), total), begins + DAY, total, stage.easing(40, 500))
    return [head, *(life for _, life in others)]


def mine(stage: Stage, room: int) -> list[Life]:
    """T15: bulk compute at constant throughput, round the clock, the same job on every account."""
    lives = []
    for crew, life in _members(stage, "T15", max(2, min(room, stage.whole(3, 15)))):
        begins = give(life, life.created + stage.easing(20, 9000)).at + 60
        spend(stage, life, crew.habits(stage), begins, STARTER * 1.3, stage.easing(24, 400), most=900)
        life.dry, life.knocks = "knocks", stage.whole(5, 40)
        lives.append(life)
    return lives


def hug_caps(stage: Stage, room: int) -> list[Life]:
    """T16: a renewing grant drunk to the last drop each day, from the second it renews."""
    lives = []
    reset = stage.between(0, 24) * HOUR
    for crew, life in _members(stage, "T16", max(2, min(room, stage.whole(3, 12)))):
        first = life.created // DAY + 1
        for day in range(stage.whole(10, 35)):
            at = (first + day) * DAY + reset
            life.grants.append(Grant("milestone", "daily-quota", at, 4.0, at + DAY))
            if stage.chance(stage.easing(0.99, 0.6)):
                begins = at + stage.easing(2, 5 * HOUR)
                spend(
                    stage, life, crew.habits(stage), begins, 4 * stage.easing(1.05, 0.7), stage.easing(0.4, 9), most=60
                )
        lives.append(life)
    return lives


def found_shells(stage: Stage, room: int) -> list[Life]:
    """T17: companies that are one person, each with a programme's large grant, burnt at once."""
    card, lives = stage.key(), []
    for crew, life in _members(stage, "T17", max(2, min(room, stage.whole(2, 6)))):
        life.plan, life.organization, life.domain = "team", stage.key(), f"company-{stage.key()}.example"
        begins = give(life, life.created + DAY, kind="team", campaign="startup-programme", size=150).at
        life.payment = stage.key() if stage.hides() else card
        life.bills.append(Bill(life.created + HOUR, "subscribe", 0.0))
        spend(stage, life, costlier(crew.habits(stage), 150.0), begins, 160, stage.easing(10, 500))
        lives.append(life)
    return lives


def age_accounts(stage: Stage, room: int) -> list[Life]:
    """T19: accounts aged with a few trivial calls until a campaign opens, then claimed and burnt."""
    size = farm_size(stage, room)
    crew = gather(stage, "T19", size)
    opened = stage.opens - stage.between(0, 60) * DAY
    claims = stage.opens + stage.between(20, stage.days - 15) * DAY
    lives = []
    for number in range(size):
        life = crew.recruit(stage, opened + (number * stage.easing(300, 2 * DAY)) % (15 * DAY), number)
        trivial = replace(crew.habits(stage), sent=3.5, delivered=2.5, long_share=0.0)
        life.grants.append(Grant("starter", "welcome", life.created + 60, 2.0, None))
        spend(stage, life, trivial, life.created + DAY, 1.0, stage.easing(24, 500), most=stage.whole(3, 8))
        begins = give(life, claims + stage.easing(600, 4 * DAY), kind="launch", campaign="spring-launch").at
        spend(stage, life, costlier(crew.habits(stage), STARTER), begins + 60, STARTER * 1.1, stage.easing(2, 200))
        lives.append(life)
    return lives


def wash_milestones(stage: Stage, room: int) -> list[Life]:
    """T22: empty chatter up to a reward's threshold, one burst that spends the reward, silence."""
    lives = []
    for crew, life in _members(stage, "T22", max(2, min(room, stage.whole(3, 15)))):
        life.grants.append(Grant("starter", "welcome", life.created + 60, 20.0, None))
        chatter = replace(crew.habits(stage), long_share=0.0, failures=0.0, cancels=0.0)
        chatter.sent, chatter.delivered = stage.easing(2.6, 5.0), stage.easing(2.4, 4.2)
        chatter.repeats, needed = stage.easing(0.9, 0.2), 100 + stage.whole(0, 3)
        end = spend(stage, life, chatter, life.created + HOUR, needed, stage.easing(3, 300), most=needed)
        begins = give(life, end + 60, kind="milestone", campaign="hundred-club", size=30).at
        burst = costlier(crew.habits(stage), 30.0, most=60)
        spend(stage, life, burst, begins + stage.easing(60, DAY), 31, stage.easing(0.5, 60), most=80)
        lives.append(life)
    return lives


def stuff_seats(stage: Stage, room: int) -> list[Life]:
    """T23: a Team of many seats with one person in all of them, one after another."""
    size = max(3, min(room, stage.whole(4, 12)))
    crew, team = gather(stage, "T23", size), stage.key()
    moment, lives = stage.opens + stage.between(1, stage.days * 0.3) * DAY, []
    opened = moment
    for number in range(size):
        life = crew.recruit(stage, opened + number * stage.easing(60, DAY), number)
        life.plan, life.organization = "team", team
        begins = max(moment, give(life, life.created + 60, kind="team", campaign="team-seats", size=30).at)
        end = spend(stage, life, costlier(crew.habits(stage), 32.0), begins, 32, stage.easing(4, 90))
        lives.append(life)
        moment = end + stage.easing(0.1, 20) * HOUR
    return lives


def cycle_refunds(stage: Stage, room: int) -> list[Life]:
    """T24: subscribe, drain what the plan gives, take the money back, again and again."""
    card, lives = stage.key(), []
    for crew, life in _members(stage, "T24", max(1, min(room, stage.whole(2, 5)))):
        life.plan, life.payment = "pro", stage.key() if stage.hides() else card
        moment = life.created + HOUR
        for _ in range(stage.whole(1, 3)):
            life.bills += [Bill(moment, "subscribe", 0.0), Bill(moment, "payment", 20.0)]
            begins = give(life, moment + 60, kind="launch", campaign="plan-grant").at
            end = spend(stage, life, costlier(crew.habits(stage), STARTER), begins, STARTER, stage.easing(4, 150))
            back = end + stage.easing(1, 90) * HOUR
            life.bills.append(Bill(back, "chargeback" if stage.chance(0.3) else "refund", 20.0))
            moment = back + stage.easing(1, 60) * HOUR
        lives.append(life)
    return lives


def arbitrage(stage: Stage, room: int) -> list[Life]:
    """T21: ordinary work padded past the threshold, where a credit buys three and a half times as much."""
    lives = []
    for crew, life in _members(stage, "T21", max(1, min(room, stage.whole(1, 8)))):
        habits = crew.habits(stage)
        habits.long_share, habits.long_sent = stage.easing(0.98, 0.6), log(THRESHOLD) + stage.easing(0.01, 0.2)
        habits.long_spread, habits.delivered = stage.easing(0.01, 0.2), stage.between(4.0, 5.5)
        begins = give(life, life.created + stage.easing(30, 9000), size=80).at
        spend(stage, life, habits, begins + stage.easing(0.1, 24) * HOUR, 90, stage.easing(6, 300))
        lives.append(life)
    return lives
