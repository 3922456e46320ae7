"""Checking a frame against its table: coerce what is safe, part what is not, with a reason each.

Nothing here raises for a bad value, and nothing reads a clock: the machine's ``now`` is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from grantguard.contract import TIME, Column, Table

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
"""The times that everything downstream can say."""
AHEAD = timedelta(days=1)
"""How far a row may lie after the machine's clock: clocks differ, not by more."""

SHOWN = 40
"""Characters of a bad value that its reason quotes."""

BROKEN = "is broken"
"""The column that says whether a row breaks a rule."""

GIVEN = ["grant_id", "account_id"]
"""A grant, and whom usage says it was given to."""

ISO = r"^\s*(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|z|[+-]\d{2}:?\d{2})?)?\s*$"


@dataclass(frozen=True)
class Checked:
    """Rows that obey the table, in its types, and rows that do not, as they came, with their ``reason``."""

    good: pl.LazyFrame
    bad: pl.LazyFrame


@dataclass(frozen=True)
class _Rule:
    broken: pl.Expr
    reason: pl.Expr


def check(frame: pl.LazyFrame, table: Table, now: datetime) -> Checked:
    """Part the rows of ``frame`` by ``table``.

    The frame must have the table's required columns; optional ones that it lacks are null. ``bad`` keeps the
    frame's own columns, as text where they are of the table, and gains ``reason``: the first rule that it broke.
    """
    schema = frame.collect_schema()
    # Typed once, in columns of their own: every rule reads them.
    typed = {column.name: f"{column.name} typed" for column in table.columns}
    coerced = [_coerce(column, schema.get(column.name)).alias(typed[column.name]) for column in table.columns]
    values = {name: pl.col(column) for name, column in typed.items()}
    rules = [rule for column in table.columns for rule in _rules(column, values[column.name], schema)]
    rules += _dating_rules(table, values, now) + _naming_rules(table, values)
    broken = pl.any_horizontal([rule.broken.fill_null(value=False) for rule in rules])
    reason = pl.coalesce([pl.when(rule.broken).then(rule.reason) for rule in rules])
    # Who collects both reads, and judges, each row once.
    read = frame.with_columns(coerced).with_columns(broken.alias(BROKEN)).cache()
    return Checked(
        good=read.filter(~pl.col(BROKEN)).select(**values),
        bad=read.filter(BROKEN).with_columns(reason=reason).drop(*typed.values(), BROKEN),
    )


def _coerce(column: Column, found: pl.DataType | None) -> pl.Expr:
    raw = pl.col(column.name)
    if found is None or found == pl.Null:
        return pl.lit(None, column.dtype)
    if column.dtype == pl.String:
        text = raw.cast(pl.String)
        return pl.when(text != "").then(text)
    if column.dtype == TIME:
        return _coerce_time(raw, found)
    number = _coerce_number(raw, found)
    return number.cast(column.dtype, strict=False)


def _coerce_number(raw: pl.Expr, found: pl.DataType) -> pl.Expr:
    if found == pl.String:
        return raw.str.strip_chars().cast(pl.Float64, strict=False)
    if found.is_integer():
        return raw
    return raw.cast(pl.Float64, strict=False) if found.is_numeric() else pl.lit(None, pl.Float64)


def _coerce_time(raw: pl.Expr, found: pl.DataType) -> pl.Expr:
    if found == pl.Date:
        return raw.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(found, pl.Datetime):
        zoned = raw if found.time_zone else raw.dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone("UTC").cast(TIME)
    if found != pl.String:
        return pl.lit(None, TIME)
    day, clock, offset = (raw.str.extract(ISO, group) for group in (1, 2, 3))
    full = pl.when(clock.str.len_chars() == 5).then(clock + ":00").otherwise(clock.fill_null("00:00:00"))
    local = (day + " " + full).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    return (local - _offset(offset)).dt.replace_time_zone("UTC")


def _offset(text: pl.Expr) -> pl.Expr:
    hours, minutes = (text.str.extract(r"[+-](\d{2}):?(\d{2})", group).cast(pl.Int64) for group in (1, 2))
    sign = pl.when(text.str.starts_with("-")).then(-1).otherwise(1)
    return pl.duration(minutes=(sign * (60 * hours + minutes)).fill_null(0))


def _rules(column: Column, value: pl.Expr, schema: pl.Schema) -> list[_Rule]:
    found = schema.get(column.name)
    raw = pl.lit(None, pl.String) if found is None else pl.col(column.name).cast(pl.String)
    # Only a text can be there and say nothing; whatever has a type already is not spelt out to be read again.
    is_text = found is None or found == pl.String
    given = raw.is_not_null() & (raw.str.strip_chars() != "") if is_text else pl.col(column.name).is_not_null()
    rules = [_Rule(~given, pl.lit(f"{column.name} is missing"))] if column.required else []
    if found is None:
        return rules
    if column.dtype == pl.String:
        return rules + _text_rules(column, value, raw)
    if column.dtype == TIME:
        expected = "is in no known form of time; write 2025-03-01T12:00:00Z"
        unread = (
            [] if isinstance(found, pl.Datetime) else [_Rule(given & value.is_null(), _quote(column, raw, expected))]
        )
        outside = ~value.is_between(pl.lit(FIRST, TIME), pl.lit(LAST, TIME))
        return [*rules, *unread, _Rule(outside, pl.lit(f"{column.name}: lies outside the years 1 to 9999"))]
    return rules + _number_rules(column, value, raw, given, found)


def _text_rules(column: Column, value: pl.Expr, raw: pl.Expr) -> list[_Rule]:
    # No store keeps it, and no sender means it.
    rules = [_Rule(raw.str.contains("\0", literal=True), pl.lit(f"{column.name}: holds a NUL character"))]
    if column.among is None:
        return rules
    unknown = value.is_not_null() & ~value.is_in(list(column.among))
    return [*rules, _Rule(unknown, _quote(column, raw, f"is not one of {', '.join(column.among)}"))]


def _number_rules(column: Column, value: pl.Expr, raw: pl.Expr, given: pl.Expr, found: pl.DataType) -> list[_Rule]:
    number = value.cast(pl.Float64)
    rules = []
    if not found.is_integer():
        rules = [
            _Rule(given & number.is_null(), _quote(column, raw, "is not a number")),
            _Rule(~number.is_finite(), _quote(column, raw, "is not a finite number")),
        ]
    if column.dtype == pl.Int64 and not found.is_integer():
        whole = raw.cast(pl.Float64, strict=False)
        rules.insert(
            0, _Rule(whole.is_finite() & (whole != whole.floor()), _quote(column, raw, "is not a whole number"))
        )
    if column.least is not None:
        rules.append(_Rule(number < column.least, _quote(column, raw, "is negative")))
    if column.above is not None:
        rules.append(_Rule(number <= column.above, _quote(column, raw, f"is not greater than {column.above:g}")))
    return rules


def _dating_rules(table: Table, values: dict[str, pl.Expr], now: datetime) -> list[_Rule]:
    if table.dated_by is None:
        return []
    moment = values[table.dated_by]
    told = moment.dt.to_string("%Y-%m-%dT%H:%M:%SZ")
    return [
        _Rule(moment < pl.lit(EARLIEST, TIME), pl.format(f"{table.dated_by}: {{}} lies before the year 2000", told)),
        _Rule(
            moment > pl.lit(now + AHEAD, TIME),
            pl.format(f"{table.dated_by}: {{}} lies more than a day after this machine's clock", told),
        ),
    ]


def _naming_rules(table: Table, values: dict[str, pl.Expr]) -> list[_Rule]:
    """A row that may be named by either of two optional columns needs one of them."""
    optional = [name for name in table.identity if name not in table.required]
    if not optional:
        return []
    neither = pl.all_horizontal([values[name].is_null() for name in optional])
    return [_Rule(neither, pl.lit(f"{' or '.join(optional)} is missing"))]


def _quote(column: Column, raw: pl.Expr, problem: str) -> pl.Expr:
    """A reason with its value, unless the value may be about a person."""
    if column.name.endswith("_hash") or column.name.startswith("email"):
        return pl.lit(f"{column.name}: {problem}")
    return pl.format(f"{column.name}: '{{}}' {problem}", raw.str.slice(0, SHOWN))


def merge_repeats(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """One row an identity. Of usage that was repeated, what was refunded stays refunded.

    Which of several unlike repeats is kept does not depend on their order.
    """
    repeated = pl.struct(table.identity).is_duplicated()
    if not frame.select(repeated.any()).item():
        return frame
    refunded_first = [pl.col("status") != "refunded"] if "status" in frame.columns else []
    apart = frame.filter(repeated).sort(*refunded_first, *frame.columns, nulls_last=True)
    return pl.concat([frame.filter(~repeated), apart.unique(table.identity, keep="first", maintain_order=True)])


def is_of_another_account(grants: pl.DataFrame, usage: pl.DataFrame) -> pl.Series:
    """For each usage row, whether its grant is known to belong to another account."""
    named = usage.select(GIVEN).unique().join(grants.select("grant_id", owner="account_id"), on="grant_id")
    owned = named.group_by(GIVEN).agg(stray=(pl.col("owner") != pl.col("account_id")).all())
    found = usage.select(GIVEN).join(owned.filter("stray"), on=GIVEN, how="left", maintain_order="left")
    return found["stray"].fill_null(value=False)
