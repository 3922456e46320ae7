"""The door for clusters: a data directory of Parquet scored, or trained on, by Spark, bucket by bucket of accounts.

Spark reads, joins, counts and sorts; what is known of one bucket is worked out on its executors by
``grantguard.parcels``, with the functions that score a population at once. PySpark is imported in here alone.
"""

from __future__ import annotations

from grantguard.spark.gathering import Gathered, gather
from grantguard.spark.reading import Lake
from grantguard.spark.scoring import Dated, Question, date, score
from grantguard.spark.session import open_cluster
from grantguard.spark.telling import count, find_first_rejected, write_rejected, write_scores

__all__ = [
    "Dated",
    "Gathered",
    "Lake",
    "Question",
    "count",
    "date",
    "find_first_rejected",
    "gather",
    "open_cluster",
    "score",
    "write_rejected",
    "write_scores",
]
