"""Whom to review next, as the queue page lists and filters them; the order is ``review.build_queue``'s."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

import polars as pl
from pydantic import BaseModel, BeforeValidator, Field

from grantguard.console.hints import FAMILY_OF, hint_at
from grantguard.console.office import Office
from grantguard.review import MOST_RANKED, build_queue, seed_of
from grantguard.store.claims import claimed_by
from grantguard.store.listing import read_origins
from grantguard.store.reading import read_labels
from grantguard.store.risks import read_risks

LISTED: Final = 1_000
"""Accounts that the queue holds at most: what is further down waits until those before it are done."""

EMPTY: Final = BeforeValidator(lambda value: None if value == "" else value)
"""A field of a form that was left empty asks for nothing."""

Text = Annotated[Annotated[str, Field(max_length=200)] | None, EMPTY]
Whole = Annotated[Annotated[int, Field(ge=0, le=1_000_000_000)] | None, EMPTY]


TESTS: Final[dict[str, Callable[[Any], pl.Expr]]] = {
    "action": lambda value: pl.col("action") == value,
    "family": lambda value: pl.col("family") == value,
    "technique": lambda value: pl.col("technique") == value,
    "campaign": lambda value: pl.col("campaigns").list.contains(pl.lit(value, pl.String)),
    "ring": lambda value: pl.col("ring_size") >= value,
    "age": lambda value: pl.col("age_days") <= value,
    "money": lambda value: pl.col("promo_credits_left") >= value,
}


class Filters(BaseModel):
    """What is asked of the queue; None: anything."""

    action: Text = None
    family: Text = None
    technique: Text = None
    campaign: Text = None
    ring: Whole = None
    age: Whole = None
    money: Whole = None

    def asked(self) -> dict[str, Any]:
        """Those that ask for something, as an address tells them."""
        return self.model_dump(include=set(Filters.model_fields), exclude_none=True)

    def matching(self, waiting: pl.DataFrame) -> pl.DataFrame:
        """The rows that are asked for, in their order."""
        for name, value in self.asked().items():
            waiting = waiting.filter(TESTS[name](value).fill_null(value=False))
        return waiting


def list_waiting(office: Office, now: datetime) -> pl.DataFrame:
    """The queue, with what is shown and filtered by, and ``person``: whoever has the account now."""
    database = office.desk.database
    risks = read_risks(database, MOST_RANKED)
    queue = build_queue(risks, read_labels(database), top=LISTED, seed=seed_of(now))
    listed = queue["account_id"].to_list()
    origins = read_origins(database, listed)
    with database.statement() as connection:
        claims = claimed_by(connection, listed, now)
    told = queue.join(_describe(risks, listed), on="account_id", how="left", maintain_order="left")
    told = told.join(origins, on="account_id", how="left", maintain_order="left")
    person = pl.col("account_id").replace_strict(claims, default=None, return_dtype=pl.String)
    age = (pl.lit(now) - pl.col("created_at")).dt.total_seconds() / 86_400
    return told.with_columns(person=person, age_days=age)


def _describe(risks: pl.DataFrame, listed: list[str]) -> pl.DataFrame:
    """The action, the strongest reason's family, the technique hinted at, and the size of the ring of each."""
    rings = risks.drop_nulls("ring_id").group_by("ring_id").agg(ring_size=pl.len().cast(pl.Int64))
    chosen = risks.filter(pl.col("account_id").is_in(listed)).join(rings, on="ring_id", how="left")
    signals = chosen["signals"].to_list()
    hints = pl.Series([hint_at(each) for each in signals], dtype=pl.String)
    families = pl.Series([FAMILY_OF.get(each[0]) if each else None for each in signals], dtype=pl.String)
    told = chosen.select("account_id", "action", pl.col("ring_size").fill_null(1))
    return told.with_columns(family=families, technique=hints)
