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
from grantguard.faults import COLUMNS, Fault, find_suspects
from grantguard.faults import find_faults as find_faults_at_once
from grantguard.histories import MOST_EVENTS, PAST_EVENTS
from grantguard.parcels.spreading import FILE, STRAY, Judge, Newest
from grantguard.sources.files import MARK

CANDIDATES = 1_000
"""Of so many newest rows, one is good."""

JUDGED, GLANCED = 20_000, 1_000
"""Of about so many accounts, columns at fault are found, where a glance at so few does not clear them."""


@dataclass(frozen=True)
class Lake:
    """Where the tables lie, and the machine's clock when they are read."""

    spark: SparkSession
    folder: str
    now: datetime

    @property
    def latest(self) -> datetime:
        """The latest time that a good row may tell."""
        return self.now + AHEAD

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
        owners = grants.groupBy("grant_id").agg(sf.collect_set("account_id").alias("owners"))
        foreign = (
            usage.select(pair)
            .distinct()
            .join(owners, "grant_id")
            .filter(~sf.array_contains("owners", sf.col("account_id")))
            .select(*pair, sf.lit(col=True).alias(STRAY))
            .persist()
        )
        if foreign.isEmpty():
            return usage.withColumn(STRAY, sf.lit(col=False))
        return usage.join(foreign, pair, "left").withColumn(STRAY, sf.coalesce(STRAY, sf.lit(col=False)))

    def find_newest(self, usage: DataFrame, likely: datetime | None) -> datetime | None:
        """The newest accepted event's time; ``likely`` is that of the newest that may be none."""
        if likely is None:
            return None
        when = time_of("occurred_at")
        last = usage.filter(when <= sf.lit(likely)).orderBy(when.desc()).limit(CANDIDATES)
        return self._newest_good(usage.filter(when == sf.lit(likely)).limit(CANDIDATES)) or self._newest_good(last)

    def _newest_good(self, last: DataFrame) -> datetime | None:
        found = last.repartition(1).mapInArrow(Newest(USAGE, self.now), "newest timestamp").collect()
        return utc(found[0]["newest"]) if found else None

    def up_to(self, usage: DataFrame, at: datetime) -> DataFrame:
        """Usage without what is unread: the good rows after a moment."""
        when = time_of("occurred_at")
        return usage.filter(when.isNull() | (when <= sf.lit(at)) | (when > sf.lit(self.latest)))


@dataclass(frozen=True)
class Measured:
    """How much usage there is: ``events``, ``accounts``, and how many of them are longer than is read of one.

    ``newest`` is the newest time up to a moment, and may be of a row that breaks a rule.
    """

    events: int
    accounts: int
    long: int
    newest: datetime | None


def measure(usage: DataFrame, until: datetime, most: int = MOST_EVENTS) -> Measured:
    """Count usage by account, and find its newest time up to a moment."""
    when = time_of("occurred_at")
    newest = sf.max(sf.when(when <= sf.lit(until), when)).alias("newest")
    counted = usage.groupBy("account_id").agg(sf.count("*").alias("n"), newest)
    events, long = sf.coalesce(sf.sum("n"), sf.lit(0)), sf.count_if(sf.col("n") > most)
    told = counted.agg(events, sf.count("*"), long, sf.max("newest")).collect()[0]
    return Measured(told[0], told[1], told[2], None if told[3] is None else utc(told[3]))


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
    """The columns at fault, as a sample of the accounts shows them: all accounts, where they are few.

    A glance at fewer clears nearly every column, and spares the rest of the work.
    """
    read = [name for name in COLUMNS[table.name] if name in frame.columns]
    if accounts > 2 * GLANCED:
        suspects = {each.column for each in _judge(frame, Judge(table, find_suspects), read, accounts // GLANCED)}
        read = [name for name in read if name in suspects]
    return _judge(frame, Judge(table, find_faults_at_once), read, accounts // JUDGED) if read else ()


def _judge(frame: DataFrame, judge: Judge, read: list[str], one_of: int) -> tuple[Fault, ...]:
    in_sample = sf.pmod(sf.xxhash64("account_id"), sf.lit(max(1, one_of))) == 0
    shown = frame.filter(in_sample).select("account_id", *read).distinct().repartition(1)
    found = shown.mapInArrow(judge, "table string, column string, accounts long, share double").collect()
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
