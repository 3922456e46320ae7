"""What is known of everybody as of a moment: what own rows said, remembered or read; the rest read anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from grantguard.assessment import Findings
from grantguard.facts import describe_accounts
from grantguard.histories import Billing, Days, Histories, Linked, Usage, ask, find_nearest, find_rings, number, wait_on
from grantguard.signals import CATALOGUE, extract
from grantguard.since.dating import Dated
from grantguard.since.memory import Memory, renew
from grantguard.training import NAMES

BY_ROWS_ALONE = [each.name for each in CATALOGUE if each.view in (Usage, Days, Billing)]
"""Signals that change with an account's own rows, and neither with others nor while time passes."""


@dataclass(frozen=True)
class Said:
    """What own rows said of accounts as of a moment, each frame by ``account_id``.

    ``signals`` has those of ``BY_ROWS_ALONE``; ``grants`` and ``purses`` are the prepared tables.
    """

    signals: pl.DataFrame
    grants: pl.DataFrame
    purses: pl.DataFrame

    @classmethod
    def of(cls, read: Histories) -> Said:
        """Of those who were read."""
        names = read.asked.select("subject", "account_id")
        grants, purses = (names.join(frame, on="subject").drop("subject") for frame in (read.grants, read.purses))
        return cls(extract(read).select("account_id", *BY_ROWS_ALONE), grants, purses)

    def beside(self, earlier: Memory, stale: pl.DataFrame, at: datetime) -> Said:
        """The same of all: of everybody else, what is remembered holds as of ``at`` too."""
        return Said(
            signals=renew(earlier.signals, self.signals, stale),
            grants=wait_on(renew(earlier.grants, self.grants, stale), at),
            purses=renew(earlier.purses, self.purses, stale),
        )


def tell(dated: Dated, at: datetime, earlier: Memory | None) -> tuple[Said, Findings]:
    """What own rows said of everybody, and all that is known of them as of ``at``, in the order of their names."""
    past = dated.past
    asked = ask(past.account_ids, at)
    linked = past.link(asked)
    nothing = Linked(linked.ties.clear(), linked.kin.clear())
    read = dated.own.up_to(ask(dated.read["account_id"].sort(), at), nothing)
    said = Said.of(read)
    if earlier is not None:
        said = said.beside(earlier, dated.stale, at)
    asked = number(asked)
    rings = find_rings(linked.kin)
    signals = extract(_as_of_now(asked, read, said.grants, linked)).drop(BY_ROWS_ALONE)
    signals, purses = (
        frame.join(own, on="account_id", how="left", maintain_order="left")
        for frame, own in ((signals, said.signals), (asked.select("account_id"), said.purses))
    )
    facts = describe_accounts(past, asked, rings)
    signals = signals.select("account_id", "at", *NAMES)
    return said, Findings(signals, facts, purses.drop("account_id"), find_nearest(linked.kin))


def _as_of_now(asked: pl.DataFrame, read: Histories, grants: pl.DataFrame, linked: Linked) -> Histories:
    """Everybody's histories as far as others or the moment have a part in them: no events, no bills."""
    names = asked.select("subject", "account_id")
    return Histories(
        asked=asked,
        usage=read.usage.clear(),
        days=read.days.clear(),
        grants=names.join(grants, on="account_id").drop("account_id"),
        billing=read.billing.clear(),
        ties=linked.ties,
        kin=linked.kin,
        purses=read.purses.clear(),
    )
