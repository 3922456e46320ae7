"""A data directory of Parquet as Spark sees it: found, up to a moment, and no account longer than a task can hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as sf

from grantguard.checking import AHEAD
from grantguard.contract import GRANTS, USAGE, Table
from grantguard.errors import ColumnMissing, FileMissing, InputError
from grantguard.faults import COLUMNS, Fault
from grantguard.histories import MOST_EVENTS, PAST_EVENTS
from grantguard.parcels.spreading import FILE, STRAY, Judge, Newest
from grantguard.sources.files import MARK

CANDIDATES = 1_000
"""Of so many newest rows, one is good."""

JUDGED = 20_000
"""Of about so many accounts, columns at fault are found."""


@dataclass(frozen=True)
class Lake:
    """Where the tables lie, and the machine's clock when they are read."""

    spark: SparkSession
    folder: str
    now: datetime

    def read(self, table: Table) -> DataFrame | None:
        """The rows of a table as they lie there; nothing where there is no such table.

        Raises ``ColumnMissing``.
        """
        for name in (f"{table.name}.parquet", table.name):
            try:
                found = self.spark.read.parquet(f"{self.folder}/{name}")
            except AnalysisException as error:
                if error.getCondition() != "PATH_NOT_FOUND":
                    raise InputError(f"{self.folder}/{name}: {error.getMessageParameters()}") from None
            else:
                return _with_columns(found, table, f"{self.folder}/{name}")
        return None

    def is_simulated(self) -> bool:
        """Whether the data directory says of itself that it was simulated."""
        try:
            self.spark.read.text(f"{self.folder}/{MARK}")
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise InputError(f"{self.folder}/{MARK}: {error.getMessageParameters()}") from None
            return False
        return True

    def need(self, table: Table) -> DataFrame:
        """The same of a table that must be there. Raises ``FileMissing``."""
        found = self.read(table)
        if found is None:
            raise FileMissing(f"{self.folder}: no {table.name}.parquet and no folder {table.name}/ of Parquet files")
        return found

    def read_usage(self) -> DataFrame:
        """Usage, each row with whether its grant is known to be another account's."""
        usage, grants = self.need(USAGE), self.need(GRANTS)
        if "grant_id" not in usage.columns:
            return usage.withColumn(STRAY, sf.lit(col=False))
        pair = ["account_id", "grant_id"]
        foreign = (
            usage.select(pair)
            .distinct()
            .join(grants.select(pair).distinct(), pair, "left_anti")
            .join(grants.select("grant_id").distinct(), "grant_id", "left_semi")
            .select(*pair, sf.lit(col=True).alias(STRAY))
            .persist()
        )
        if foreign.isEmpty():
            return usage.withColumn(STRAY, sf.lit(col=False))
        return usage.join(foreign, pair, "left").withColumn(STRAY, sf.coalesce(STRAY, sf.lit(col=False)))

    def find_newest(self, usage: DataFrame) -> datetime | None:
        """The newest accepted event's time."""
        when = time_of("occurred_at")
        last = usage.filter(when <= sf.lit(self.now + AHEAD)).orderBy(when.desc()).limit(CANDIDATES)
        found = last.repartition(1).mapInArrow(Newest(USAGE, self.now), "newest timestamp").collect()
        return utc(found[0]["newest"]) if found else None

    def up_to(self, usage: DataFrame, at: datetime) -> DataFrame:
        """Usage without what is unread: the good rows after a moment."""
        when = time_of("occurred_at")
        return usage.filter(when.isNull() | (when <= sf.lit(at)) | (when > sf.lit(self.now + AHEAD)))


@dataclass(frozen=True)
class Measured:
    """How much usage there is: ``events``, ``accounts``, and how many of them are longer than is read of one."""

    events: int
    accounts: int
    long: int


def measure(usage: DataFrame, most: int = MOST_EVENTS) -> Measured:
    """Count usage by account."""
    counted = usage.groupBy("account_id").agg(sf.count("*").alias("n"))
    is_long = sf.sum((sf.col("n") > most).cast("int"))
    told = counted.agg(sf.sum("n").alias("events"), sf.count("*").alias("accounts"), is_long.alias("long")).first()
    return Measured(*((each or 0) for each in told or (0, 0, 0)))


def cut(usage: DataFrame, measured: Measured, most: int = MOST_EVENTS) -> DataFrame:
    """Usage, of long accounts the newest events alone, and the first, which say how the account began."""
    if not measured.long:
        return usage
    long = usage.groupBy("account_id").agg(sf.count("*").alias("n")).filter(sf.col("n") > most).select("account_id")
    order = [time_of("occurred_at"), sf.col("event_id")]
    own = Window.partitionBy("account_id")
    ranked = usage.join(long, "account_id", "left_semi").withColumns(
        {
            "from first": sf.row_number().over(own.orderBy(*order)),
            "from last": sf.row_number().over(own.orderBy(*(each.desc() for each in order))),
        }
    )
    kept = ranked.filter((sf.col("from first") <= PAST_EVENTS) | (sf.col("from last") <= most))
    return usage.join(long, "account_id", "left_anti").unionByName(kept.drop("from first", "from last"))


def find_faults(frame: DataFrame, table: Table, accounts: int) -> tuple[Fault, ...]:
    """The columns at fault, as a sample of the accounts shows them: all accounts, where they are few."""
    read = [name for name in COLUMNS[table.name] if name in frame.columns]
    in_sample = sf.pmod(sf.xxhash64("account_id"), sf.lit(max(1, accounts // JUDGED))) == 0
    shown = frame.filter(in_sample).select("account_id", *read).distinct().repartition(1)
    found = shown.mapInArrow(Judge(table), "table string, column string, accounts long, share double").collect()
    return tuple(Fault(**row.asDict()) for row in found)


def time_of(column: str) -> Column:
    """A column as a time, null where it is none."""
    return sf.col(column).try_cast("timestamp")


def utc(moment: datetime) -> datetime:
    """A moment that Spark gave, which it tells in this machine's own time."""
    return moment.astimezone(UTC)


def _with_columns(found: DataFrame, table: Table, where: str) -> DataFrame:
    lacking = [name for name in table.required if name not in found.columns]
    if lacking:
        raise ColumnMissing(f"{where}: column {lacking[0]} is missing; {table.name} needs {', '.join(table.required)}")
    named = [name for name in table.schema if name in found.columns]
    return found.select(*named, sf.col("_metadata.file_name").alias(FILE))
