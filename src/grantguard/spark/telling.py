"""What leaves the cluster: scores and rejected rows as folders of files, and a summary of a few rows."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from pyspark.sql import DataFrame, Observation, Row
from pyspark.sql import functions as sf

from grantguard.contract import INPUTS
from grantguard.parcels.dating import open_rejected
from grantguard.parcels.spreading import REJECTED_DDL
from grantguard.sources.files import REJECTED, Counts
from grantguard.spark.scoring import Dated


def count(dated: Dated) -> dict[str, Counts]:
    """What became of each table's rows."""
    told = dated.told.filter(sf.col("name").isin("counted", "rejected"))
    rows = told.groupBy("name", "kind").agg(sf.sum("n").alias("n"), sf.sum("step").alias("step")).collect()
    found = {(row["name"], row["kind"]): row for row in rows}
    return {table.name: _count(found, table.name) for table in INPUTS}


def find_first_rejected(dated: Dated) -> pl.DataFrame:
    """One of the rejected rows of each table."""
    row = sf.first(sf.struct(*REJECTED.names())).alias("row")
    rows = _rejected(dated).groupBy("table").agg(row).collect()
    return pl.DataFrame([each["row"].asDict() for each in rows], schema=REJECTED)


def write_rejected(dated: Dated, address: str) -> None:
    """Write the rejected rows as a folder of JSON Lines."""
    _rejected(dated).write.mode("overwrite").json(address)


def write_scores(scores: DataFrame, address: str) -> tuple[int, int]:
    """Write scores as a folder of Parquet files, most suspicious first; how many they are, and how many to hold."""
    ranked, told = scores.orderBy(sf.col("risk").desc_nulls_last(), "account_id"), Observation()
    held = sf.count_if(sf.col("decision") == "hold").alias("held")
    ranked.observe(told, sf.count("*").alias("all"), held).write.mode("overwrite").parquet(address)
    return told.get["all"], told.get["held"]


def _rejected(dated: Dated) -> DataFrame:
    return dated.told.filter(sf.col("name") == "rejected").mapInArrow(open_rejected, REJECTED_DDL)


def _count(found: Mapping[tuple[str, str], Row], table: str) -> Counts:
    counted, rejected = (found.get((name, table)) for name in ("counted", "rejected"))
    accepted, repeated = (counted["n"] or 0, counted["step"] or 0) if counted else (0, 0)
    bad = (rejected["n"] or 0) if rejected else 0
    return Counts(read=accepted + repeated + bad, accepted=accepted, duplicate=repeated, rejected=bad)
