"""What accounts show to each other: dated anew of those with news, remembered of the rest, and put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from grantguard.contract import USAGE, Tables
from grantguard.histories import (
    Bucket,
    Everybody,
    Own,
    Past,
    Share,
    find_nearest_steps,
    find_shared,
    find_stars,
    find_thresholds,
    past_among,
)
from grantguard.histories.links import ALONE_SILENT
from grantguard.since.fingerprints import OWN
from grantguard.since.memory import Memory, renew

TOLD_ALONE = ("likenesses", "marks", "guests", "lengths")
"""Parts of a share that an account's own rows tell, and no other's."""


@dataclass(frozen=True)
class Dated:
    """The past of everybody, without events; and ``own``: that of those alone whose rows were read, with theirs.

    ``quiet`` are the facts that say nothing as long as nobody else shows their value; ``share`` has the others.
    ``read`` names them (``account_id``); ``stale`` are the accounts of whom nothing may be remembered any more: they
    were read, or are gone.
    """

    past: Past
    own: Past
    share: Share
    quiet: pl.DataFrame
    read: pl.DataFrame
    stale: pl.DataFrame


def date(tables: Tables, at: datetime, prints: pl.DataFrame) -> Dated:
    """Read everybody's rows."""
    everyone = prints.select("account_id")
    own = Own.of(tables)
    share = Share.of(own, at)
    return _dated(tables, at, own, share, share.facts.clear(), everyone, everyone)


def date_since(tables: Tables, at: datetime, prints: pl.DataFrame, earlier: Memory) -> Dated:
    """Read the rows of accounts whose print is another than it was, and of those on whom the threshold has moved."""
    both = ["account_id", "print"]
    news = prints.join(earlier.prints, on=both, how="anti").select("account_id")
    stale = pl.concat([news, earlier.prints.join(prints, on="account_id", how="anti").select("account_id")])
    dated = _date_some(tables, at, news, stale, earlier)
    moved = _find_moved(dated.share, at, earlier).join(stale, on="account_id", how="anti")
    if moved.is_empty():
        return dated
    return _date_some(tables, at, pl.concat([news, moved]), pl.concat([stale, moved]), earlier)


def _date_some(tables: Tables, at: datetime, read: pl.DataFrame, stale: pl.DataFrame, earlier: Memory) -> Dated:
    rows = {name: getattr(tables, name).join(read, on="account_id", how="semi") for name in OWN}
    own = Own.of(replace(tables, **rows))
    fresh = Share.of(own, at)
    parts = {name: renew(getattr(earlier, name), getattr(fresh, name), stale) for name in TOLD_ALONE}
    facts, still = _renew_facts(earlier, fresh, stale)
    # Who brought others is told of by their rows: that is read anew of everybody.
    stars = find_stars(tables.accounts).filter(pl.col("seen_at") <= at)
    share = replace(fresh, facts=pl.concat([facts, stars.select(facts.columns)]), **parts)
    return _dated(tables, at, own, share, still, read, stale)


def _renew_facts(earlier: Memory, fresh: Share, stale: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All facts but who brought whom, and apart from them the quiet ones whose values nobody shows anew."""
    kept, new = (frame.filter(pl.col("kind") != "referral") for frame in (earlier.facts, fresh.facts))
    quiet = earlier.quiet.join(stale, on="account_id", how="anti").select(new.columns)
    woken, still = (quiet.join(new, on="value", how=how) for how in ("semi", "anti"))
    return pl.concat([renew(kept, new, stale), woken]), still


def _dated(
    tables: Tables,
    at: datetime,
    own: Own,
    share: Share,
    still: pl.DataFrame,
    read: pl.DataFrame,
    stale: pl.DataFrame,
) -> Dated:
    is_quiet = pl.col("kind").is_in(ALONE_SILENT) & (pl.len().over("value") == 1)
    quiet = pl.concat([still, share.facts.filter(is_quiet)])
    speaking = replace(share, facts=share.facts.filter(~is_quiet))
    past = _put_together(tables, at, speaking, quiet)
    # Events name grants by their rows in the tables that they were read with.
    return Dated(past, replace(past, tables=own.tables, events=own.events), speaking, quiet, read, stale)


def _put_together(tables: Tables, at: datetime, share: Share, quiet: pl.DataFrame) -> Past:
    shown = [frame.select(account=pl.col("account_id").hash(seed=0)) for frame in (share.facts, quiet)]
    arrived = pl.concat(shown).unique()
    # Guests' facts are among everybody's: there is no other bucket that would not know them.
    told = vars(replace(share, arrived=arrived, guest_facts=share.facts.clear()))
    known = pl.concat([share.marks["account_id"], tables.grants["account_id"]])
    everyone = Bucket(
        account_ids=known.unique().sort(),
        tables=replace(tables, usage=USAGE.empty()),
        events=pl.DataFrame(),
        facts=pl.concat([share.said_alone, find_shared(share.facts)]),
        likenesses=share.likenesses,
    )
    return past_among(Everybody.of(told, tables.campaigns, at), everyone)


def _find_moved(share: Share, at: datetime, earlier: Memory) -> pl.DataFrame:
    """Accounts of which the threshold of now says something else than that of the earlier moment did."""
    then, now = _threshold(earlier.lengths, earlier.at), _threshold(share.lengths, at)
    if then == now:
        return share.lengths.select("account_id").clear()
    if then is None or now is None:
        return share.marks.select("account_id")
    steps = [step for threshold in (then, now) for step in find_nearest_steps(threshold)]
    return share.lengths.filter(pl.col("step").is_between(min(steps), max(steps))).select("account_id").unique()


def _threshold(lengths: pl.DataFrame, at: datetime) -> float | None:
    known = find_thresholds(lengths).filter(pl.col("when") <= at)
    return None if known.is_empty() else float(known["threshold"][-1])
