"""What campaigns came to, and how good holds and reviewers are."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from grantguard.campaigns import Campaign, weigh_campaigns
from grantguard.precision import WEEKS, chance_of_review, total_of, weigh_agreement, weigh_holds
from grantguard.review import Estimate, estimate_missed
from grantguard.settlement import Desk
from grantguard.store.draws import read_draws
from grantguard.store.weighing import read_granted, read_held, read_known, read_reviews

LOOK_BACK: Final = timedelta(weeks=WEEKS)


def count_campaigns(desk: Desk, now: datetime) -> list[dict[str, Any]]:  # noqa: ARG001 - all are counted as of now
    """The figures of every campaign, with what follows from them."""
    campaigns = weigh_campaigns(read_granted(desk.database), read_known(desk.database))
    return [_tell(each) for each in campaigns]


def count_reviews(desk: Desk, now: datetime) -> dict[str, Any]:
    """Precision of holds by week, agreement of reviewers, and how many accounts the sample says are missed."""
    since = now - LOOK_BACK
    weeks = weigh_holds(read_held(desk.database, since), now)
    return {
        "weeks": [asdict(each) | {"monday": f"{each.monday}"} for each in weeks],
        "total": asdict(total_of(weeks)),
        "agreement": asdict(weigh_agreement(read_reviews(desk.database, since))),
        "missed": asdict(_miss(read_draws(desk.database, since))),
    }


def _tell(campaign: Campaign) -> dict[str, Any]:
    """Leaks as pairs: what is kept keeps no order of names."""
    follows = {name: getattr(campaign, name) for name in ("leak", "conversion", "honest_conversion")}
    return asdict(campaign) | follows | {"leaked": list(campaign.leaked.items())}


def _miss(draws: pl.DataFrame) -> Estimate:
    """Accounts that gamed and that the machine had let pass."""
    seen = chance_of_review(draws)
    missed = seen.select((pl.col("verdict") == "abuse") & ~pl.col("stopped")).to_series()
    return estimate_missed(seen["chance"].to_numpy(), missed.to_numpy())
