"""Techniques about whose account it is, and what it is used for."""

from __future__ import annotations

from dataclasses import replace

from grantguard.worlds.crews import costlier, gather, give, opening_times, spend
from grantguard.worlds.lives import Bill, Life, draw_habits
from grantguard.worlds.people import STARTER, live_as_person, open_account, use, welcome
from grantguard.worlds.rhythms import draw_rhythm
from grantguard.worlds.stage import DAY, HOUR, Stage


def _mark(life: Life, code: str, ring: int | None = None) -> Life:
    life.kind, life.role, life.ring = code, "abuse", ring
    return life


def run_up_bills(stage: Stage, room: int) -> list[Life]:
    """T4: a stolen card, use that grows past the credit, and a payment that fails."""
    crew, card, lives = gather(stage, "T4", max(1, min(room, 6))), stage.key(), []
    for number, created in enumerate(opening_times(stage, max(1, min(room, stage.whole(1, 6))))):
        life = crew.recruit(stage, created, number)
        life.plan, life.dry, life.payment = "pro", "pays", stage.key() if stage.hides() else card
        life.bills += [Bill(created + HOUR, "subscribe", 0.0), Bill(created + HOUR, "payment", 20.0)]
        begins = give(life, created + 60).at
        habits = costlier(crew.habits(stage), STARTER * 4)
        end = spend(stage, life, habits, begins + HOUR, STARTER * 4, stage.easing(8, 200))
        life.bills.append(Bill(end + stage.between(1, 8) * DAY, "chargeback", 20.0))
        lives.append(life)
    return lives


def sell_accounts(stage: Stage, room: int) -> list[Life]:
    """T5: opened and aged by one hand, used by a buyer with another device, network and appetite."""
    size = max(1, min(room, stage.whole(3, 12)))
    crew, lives = gather(stage, "T5", size), []
    for number, created in enumerate(opening_times(stage, size)):
        life = crew.recruit(stage, created - stage.between(5, 30) * DAY, number)
        begins = give(life, created, size=60).at
        token = replace(crew.habits(stage), long_share=0.0)
        spend(stage, life, token, life.created + DAY, 3, stage.easing(24, 400), most=stage.whole(5, 40))
        life.place, life.device = stage.home(), stage.key()
        buyer = draw_habits(stage)
        spend(stage, life, costlier(buyer, 60.0), begins + stage.between(1, 8) * DAY, 65, stage.easing(10, 300))
        lives.append(life)
    return lives


def share_key(stage: Stage, room: int) -> list[Life]:
    """T7: one account sold to many, who use it at once from where each of them is."""
    lives = []
    for _ in range(max(1, min(room, stage.whole(1, 3)))):
        life = _mark(open_account(stage, "T7"), "T7")
        welcome(stage, life, stage.between(60, 150))
        for _ in range(round(stage.easing(18, 4))):
            life.place, life.device = stage.home(), stage.key()
            rhythm = draw_rhythm(stage)
            rhythm.day_share, rhythm.pause = 0.8, 30.0
            use(
                stage,
                life,
                draw_habits(stage),
                rhythm,
                life.created + 2 * HOUR,
                life.created + stage.between(6, 25) * DAY,
            )
        life.dry, life.knocks = "knocks", stage.whole(5, 30)
        lives.append(life)
    return lives


def steal_keys(stage: Stage, room: int) -> list[Life]:
    """T9: a leaked key: somebody's ordinary account, and one day a stranger's appetite from a hosting network."""
    thief, ring, lives = stage.hosting(), stage.key(), []
    for _ in range(max(1, min(room, stage.whole(1, 6)))):
        life = live_as_person(stage, open_account(stage, "T9", created=stage.opens - stage.between(1, 90) * DAY))
        moment = stage.opens + stage.between(25, stage.days - 12) * DAY
        give(life, moment - stage.between(1, 15) * DAY, kind="launch", campaign="spring-launch", size=60)
        life.place, life.device = stage.hosting() if stage.hides() else thief, stage.key()
        appetite = replace(draw_habits(stage, stage.client("sdk-python", "curl")), models=[0, 3])
        spend(stage, life, costlier(appetite, 80.0), moment, 80, stage.easing(8, 200))
        lives.append(_mark(life, "T9", ring))
    return lives


def check_keys(stage: Stage, room: int) -> list[Life]:
    """T10: tiny probes of every model in the first minutes, then the drain by whoever bought the key."""
    size = max(2, min(room, stage.whole(3, 15)))
    crew, lives = gather(stage, "T10", size), []
    for number, created in enumerate(opening_times(stage, size)):
        life = crew.recruit(stage, created, number)
        begins = give(life, created + 60).at
        probe = replace(crew.habits(stage), sent=2.6, delivered=1.6, sent_spread=0.2, long_share=0.0, failures=0.25)
        probe.models = list(range(7))
        spend(stage, life, probe, begins + 30, 9, stage.easing(0.1, 20), most=stage.whole(12, 30))
        life.place = stage.hosting() if stage.hides() else life.place
        spend(
            stage,
            life,
            costlier(crew.habits(stage), STARTER),
            begins + stage.easing(1, 60) * HOUR,
            STARTER,
            stage.easing(3, 150),
        )
        lives.append(life)
    return lives


def fake_eligibility(stage: Stage, room: int) -> list[Life]:
    """T13: bought student status: one campus by mail, other networks in use, resale-like drains."""
    size = max(2, min(room, stage.whole(4, 20)))
    crew, domain, lives = gather(stage, "T13", size), f"campus-{stage.key()}.edu", []
    for number, created in enumerate(opening_times(stage, size)):
        life = crew.recruit(stage, created, number)
        life.domain = domain
        begins = give(life, created + stage.easing(60, DAY), kind="launch", campaign="students", size=80).at
        spend(stage, life, costlier(crew.habits(stage), 80.0), begins + HOUR, 84, stage.easing(8, 350))
        lives.append(life)
    return lives


def broker(stage: Stage, room: int) -> list[Life]:
    """T14: credit of idle, paying accounts sold before it lapses, through one broker's gateway."""
    size = max(1, min(room, stage.whole(2, 8)))
    gateway, client, ring = stage.hosting(), stage.client("sdk-python", "sdk-node"), stage.key()
    script, lives = draw_habits(stage, client), []
    for _ in range(size):
        life = open_account(stage, "T14", created=stage.opens - stage.between(30, 300) * DAY)
        given = stage.opens + stage.between(5, stage.days - 45) * DAY
        grant = give(life, given, kind="launch", campaign="spring-launch", size=120)
        life.payment = stage.key()
        life.bills += [Bill(given - 10 * DAY, "subscribe", 0.0), Bill(given - 10 * DAY, "payment", 60.0)]
        use(stage, life, draw_habits(stage), draw_rhythm(stage), given - 20 * DAY, given - 8 * DAY)
        life.place, life.device = stage.hosting() if stage.hides() else gateway, stage.key()
        own = replace(script, sent=script.sent + stage.rng.normal(0, stage.easing(0.05, 0.7)))
        hours = stage.easing(30, 300)
        spend(stage, life, costlier(own, 125.0), (grant.until or given) - hours * HOUR, 125, hours)
        lives.append(_mark(life, "T14", ring))
    return lives


def tap_a_seat(stage: Stage, room: int) -> list[Life]:
    """T18: an editor's quota tapped as an interface: a patched client on a clock, answers snatched uncharged."""
    size = max(1, min(room, stage.whole(1, 6)))
    crew, lives = gather(stage, "T18", size, stage.client("ide-0", "ide-1", "ide-2")), []
    for number, created in enumerate(opening_times(stage, size)):
        life = crew.recruit(stage, created, number)
        begins = give(life, created + HOUR, size=60).at
        habits = replace(crew.habits(stage), free_answers=stage.easing(0.6, 0.05))
        spend(stage, life, habits, begins + HOUR, 75, stage.easing(20, 350))
        lives.append(life)
    return lives


def farm_goodwill(stage: Stage, room: int) -> list[Life]:
    """T20: consume, claim a fault, be compensated, again."""
    size = max(1, min(room, stage.whole(1, 6)))
    crew, lives = gather(stage, "T20", size), []
    for number, created in enumerate(opening_times(stage, size)):
        life = crew.recruit(stage, created, number)
        moment = give(life, created + 600).at
        habits = replace(costlier(crew.habits(stage), STARTER), refunds=stage.easing(0.5, 0.08))
        for _ in range(stage.whole(2, 5)):
            end = spend(stage, life, habits, moment + HOUR, STARTER * 1.4, stage.easing(10, 150), most=200)
            moment = end + stage.easing(2, 60) * HOUR
            give(life, moment, kind="compensation", campaign="goodwill", size=STARTER * 0.8)
        lives.append(life)
    return lives
