"""Histories: accounts, grants, usage, billing and links up to one moment each.

``past = Past.of(tables)`` dates every fact once; ``past.up_to(asked)`` gives the prepared tables that signals
reduce, for as many accounts and moments as are asked about, each as of its own ``at``. A store that keeps what
``Own.of(rows).date()`` gives needs the rows of those alone who are asked about: ``Past.assembled``.
"""

from __future__ import annotations

from grantguard.histories.charging import charge_alone
from grantguard.histories.everybody import (
    Bucket,
    Everybody,
    Share,
    count_arrivals_until,
    count_in_crowds,
    count_until,
    find_bucket,
    find_shared,
    name_anyone,
    past_among,
)
from grantguard.histories.grants import wait_on
from grantguard.histories.keys import PAST_EVENTS, run, run_all
from grantguard.histories.kin import CAMPAIGN, CLASS, NEAREST, TOGETHER, find_nearest
from grantguard.histories.kin import FEW as HUBS
from grantguard.histories.links import find_stars
from grantguard.histories.own import Own, date_facts
from grantguard.histories.past import MOST_EVENTS, UNLINKED, Histories, Linked, Past, ask, number
from grantguard.histories.reach import REACH, REACH_OF_RINGS
from grantguard.histories.rings import Look, find_rings, follow_rings, link_around, strong_pairs
from grantguard.histories.thresholds import find_nearest_steps, find_thresholds
from grantguard.histories.unlikely import USUALLY_DRAIN, USUALLY_RUSH, tell_doublings
from grantguard.histories.views import Billing, Days, Grants, Kin, Ties, Usage, View

__all__ = [
    "CAMPAIGN",
    "CLASS",
    "HUBS",
    "MOST_EVENTS",
    "NEAREST",
    "PAST_EVENTS",
    "REACH",
    "REACH_OF_RINGS",
    "TOGETHER",
    "UNLINKED",
    "USUALLY_DRAIN",
    "USUALLY_RUSH",
    "Billing",
    "Bucket",
    "Days",
    "Everybody",
    "Grants",
    "Histories",
    "Kin",
    "Linked",
    "Look",
    "Own",
    "Past",
    "Share",
    "Ties",
    "Usage",
    "View",
    "ask",
    "charge_alone",
    "count_arrivals_until",
    "count_in_crowds",
    "count_until",
    "date_facts",
    "find_bucket",
    "find_nearest",
    "find_nearest_steps",
    "find_rings",
    "find_shared",
    "find_stars",
    "find_thresholds",
    "follow_rings",
    "link_around",
    "name_anyone",
    "number",
    "past_among",
    "run",
    "run_all",
    "strong_pairs",
    "tell_doublings",
    "wait_on",
]
