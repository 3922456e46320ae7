"""Pulling: LiteLLM's own table of requests, from its database into the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass, field
from functools import partial
from typing import Annotated, Any

import psycopg
import typer

from grantguard.cli.composing import find_mapping, find_secret, open_store
from grantguard.cli.terminal import now, progress, say, warn
from grantguard.keeping import Bad, Tally, keep_converted
from grantguard.settings import Settings
from grantguard.sources.hashing import Hasher
from grantguard.sources.spendlogs import BEGINNING, Cursor, Page, name_of, open_gateway
from grantguard.sources.spendlogs import pull as read_pages
from grantguard.store.cursors import keep_cursor, read_cursor
from grantguard.store.database import Database


@dataclass
class _Pulled:
    """What became of the rows of all pages."""

    fates: Counter[str] = field(default_factory=Counter)
    reported: Counter[str] = field(default_factory=Counter)
    first_bad: Bad | None = None

    def add(self, page: Page, tally: Tally) -> None:
        rejected = len(tally.rejected) + tally.unlisted
        self.fates.update(accepted=tally.accepted, duplicate=tally.duplicate, rejected=rejected)
        self.reported += page.converted.reported
        self.first_bad = self.first_bad or next(iter(tally.rejected), None)


def pull(
    url: Annotated[str, typer.Option("--from", help="LiteLLM's database, as postgresql://…; it is never shown.")],
    pages: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many pages of 1,000 requests; default: at the newest.")
    ] = None,
) -> None:
    """Pull LiteLLM's table of requests into the store, from where the last pull stopped.

    Example: grantguard pull --from postgresql://grantguard@gateway.internal/litellm
    """
    settings = Settings()
    with open_store(settings) as database, open_gateway(url) as gateway:
        pulled = _take(settings, database, gateway, pages)
    (warn if pulled.first_bad or pulled.reported else say)(_describe(pulled))


def _take(settings: Settings, database: Database, gateway: psycopg.Connection[Any], pages: int | None) -> _Pulled:
    """Keep page after page, each in one transaction with the cursor behind it."""
    source, pulled, ahead = name_of(gateway), _Pulled(), 0
    with database.connection() as connection:
        kept = read_cursor(connection, source)
    began = BEGINNING if kept is None else Cursor(*kept)
    with progress() as bar:
        bar.add_task("pulling", total=None)
        for page in read_pages(gateway, find_mapping(settings), Hasher(find_secret(settings)), began):
            move = partial(keep_cursor, source=source, place=astuple(page.cursor))
            pulled.add(page, keep_converted(database, page.converted, now(), move))
            # Pages that are read again, for rows written late, do not count, or a pull would never get past them.
            ahead += page.cursor > began
            if ahead == pages:
                break
    return pulled


def _describe(pulled: _Pulled) -> str:
    fates, bad = pulled.fates, pulled.first_bad
    first = "" if bad is None else f" (the first: {bad.pointer} {bad.reason})"
    told = f"{fates['accepted']:,} rows kept, {fates['duplicate']:,} were there already, {fates['rejected']:,} rejected"
    reports = "".join(f"; {name} {times:,}" for name, times in sorted(pulled.reported.items()))
    return f"{told}{first}{reports}"
