"""The door for clusters: a data directory of Parquet scored by Spark, bucket by bucket of accounts.

Spark reads, joins, counts and sorts; what is known of one bucket is worked out on its executors by
``grantguard.parcels``, with the functions that score a population at once. PySpark is imported in here alone.
"""

from __future__ import annotations

from grantguard.spark.scoring import Question, Scored, score
from grantguard.spark.session import open_session

__all__ = ["Question", "Scored", "open_session", "score"]
