"""What a signal is: a documented Polars expression over one prepared table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast, get_type_hints

import polars as pl

from grantguard.histories import View
from grantguard.vocabulary import FAMILIES, Family

Side = Literal["high", "low"]


@dataclass(frozen=True)
class Wording:
    """What may raise a score: its name and family, how it speaks, why it tells, and who looks the same."""

    name: str
    family: Family
    unit: str
    says: str
    summary: str
    why: str
    looks_the_same: str

    def say(self, value: float) -> str:
        """Its sentence for a value; ``{value:day|days}`` in it is the word for that many."""
        return self.says.format(value=_Counted(value))


@dataclass(frozen=True)
class Signal(Wording):
    """One signal: its wording and table, and the side that is suspicious."""

    view: type[View]
    suspicious: Side
    needs: int
    expression: pl.Expr


class _Counted(float):
    """A value that can be asked for the word of what it counts, as it would be written: one, or any other number."""

    def __format__(self, spec: str) -> str:
        one, either, many = spec.partition("|")
        return (one if f"{self:.0f}" == "1" else many) if either else super().__format__(spec)


def signal(*, unit: str, suspicious: Side, says: str, needs: int = 1) -> Callable[[Callable[..., pl.Expr]], Signal]:
    """Make a signal of a function that reduces one view to an expression.

    The function's name is the column and the reason code; its module is the family; its parameter's
    annotation names the table. ``needs`` is how many rows of the table make a history: with fewer, the
    value is null. The docstring has a first sentence, why, and "Looks the same: …".
    """

    def make(function: Callable[..., pl.Expr]) -> Signal:
        view = _view_of(function)
        summary, why, looks_the_same = _explanation_of(function)
        value = function(view).cast(pl.Float64)
        family = function.__module__.rpartition(".")[2]
        if family not in FAMILIES:
            raise TypeError(f"{function.__name__}: its module {family!r} is not a family: {', '.join(FAMILIES)}")
        return Signal(
            name=function.__name__,
            family=family,
            view=view,
            unit=unit,
            suspicious=suspicious,
            says=says,
            needs=needs,
            summary=summary,
            why=why,
            looks_the_same=looks_the_same,
            expression=value.alias(function.__name__),
        )

    return make


def _view_of(function: Callable[..., pl.Expr]) -> type[View]:
    hints = get_type_hints(function)
    hints.pop("return")
    (view,) = hints.values()
    return cast("type[View]", view)


def _explanation_of(function: Callable[..., pl.Expr]) -> tuple[str, str, str]:
    paragraphs = [" ".join(part.split()) for part in (inspect.getdoc(function) or "").split("\n\n")]
    summary, *why, last = paragraphs
    return summary, " ".join(why), last.removeprefix("Looks the same: ")


def enough(support: pl.Expr, least: int, value: pl.Expr) -> pl.Expr:
    """``value`` where at least ``least`` rows support it, else null."""
    return pl.when(support >= least).then(value)
