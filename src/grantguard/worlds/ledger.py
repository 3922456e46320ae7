"""The ledger: prices requests, charges grants in time order, and says what happens when they are gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grantguard.contract import CATEGORIES, MULTIPLIERS
from grantguard.worlds.lives import CANCELLED, ERROR, REFUNDED, Life, Requests

Floats = NDArray[np.float64]

GAINS = np.array([MULTIPLIERS[name] for name in CATEGORIES])
NO_GRANT, PAID = -1, -2


@dataclass
class Charged:
    """A life's requests as the platform took them: sorted, charged, each with its grant's number or ``PAID``."""

    requests: Requests
    credits: Floats
    grant: NDArray[np.int64]


def list_price(requests: Requests) -> Floats:
    """What requests cost by the list: one credit's worth is 10,000 tokens sent, or 2,000 delivered."""
    price: Floats = requests.sent / 10_000 + requests.delivered / 2_000
    return price


def charge(life: Life, until: float) -> Charged:
    """Charge a life's requests up to ``until``, soonest to expire first; what nobody pays for is refused or unsent."""
    requests = _sorted(life, until)
    price = list_price(requests) / GAINS[requests.category]
    free = np.isin(requests.status, (ERROR, CANCELLED))
    price = np.round(np.where(free, 0.0, np.maximum(price, 0.001)), 4)
    order = sorted(range(len(life.grants)), key=lambda i: (life.grants[i].until or np.inf, life.grants[i].at))
    left = np.array([grant.credits * (1 - life.leaves) for grant in life.grants])
    payer = np.full(len(price), NO_GRANT)
    kept = np.ones(len(price), dtype=bool)
    knocks = life.knocks
    for row, (at, cost, category) in enumerate(zip(requests.at, price, requests.category, strict=True)):
        open_now = [i for i in order if _is_open(life, i, at, CATEGORIES[category]) and left[i] > 0]
        able = next((i for i in open_now if left[i] >= cost), None)
        if able is not None:
            payer[row] = able
            left[able] -= 0.0 if requests.status[row] == REFUNDED else cost
        elif life.dry == "pays" and at >= _first_payment(life):
            payer[row] = PAID
        elif life.dry == "knocks" and knocks > 0:
            knocks -= 1
            requests.status[row], requests.delivered[row], price[row] = ERROR, 0, 0.0
        else:
            kept[row] = False
    price = np.where(requests.status == ERROR, 0.0, price)
    return Charged(_take(requests, kept), price[kept], payer[kept])


def _first_payment(life: Life) -> float:
    return min((bill.at for bill in life.bills if bill.kind == "payment"), default=-np.inf)


def _is_open(life: Life, number: int, at: float, category: str) -> bool:
    grant = life.grants[number]
    return grant.at <= at < (grant.until or np.inf) and grant.category in (None, category)


def _sorted(life: Life, until: float) -> Requests:
    parts = life.requests
    names = Requests.__dataclass_fields__
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Requests(np.zeros(0), *(none for _ in range(len(names) - 1)))
    joined = Requests(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    end = until if life.deleted is None else min(until, life.deleted)
    wanted = np.flatnonzero((joined.at >= life.created) & (joined.at < end))
    return _take(joined, wanted[np.argsort(joined.at[wanted], kind="stable")])


def _take(requests: Requests, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Requests:
    return Requests(**{name: getattr(requests, name)[rows] for name in Requests.__dataclass_fields__})
