"""Whom to review next, as the queue page lists and filters them; the order is ``review.build_queue``'s."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

import polars as pl
from pydantic import BaseModel, BeforeValidator, Field

from grantguard.console.order import Order
from grantguard.store.claims import claimed_by
from grantguard.store.reading import read_labels

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


def list_waiting(order: Order, now: datetime) -> pl.DataFrame:
    """The queue, those left out who have a verdict by now, and ``person``: whoever has the account."""
    listed, labels = order.read(now), read_labels(order.database)
    named, rings = (labels[name].drop_nulls().implode() for name in ("account_id", "ring_id"))
    is_done = pl.col("account_id").is_in(named) | pl.col("ring_id").is_in(rings).fill_null(value=False)
    waiting = listed.filter(~is_done)
    with order.database.statement() as connection:
        claims = claimed_by(connection, waiting["account_id"].to_list(), now)
    person = pl.col("account_id").replace_strict(claims, default=None, return_dtype=pl.String)
    age = (pl.lit(now) - pl.col("created_at")).dt.total_seconds() / 86_400
    return waiting.with_columns(person=person, age_days=age)
