"""Scoring a population that is larger than memory: bucket by bucket of accounts, the same values as at once."""

from grantguard.buckets.parting import Parted, Tell, count_buckets, part
from grantguard.buckets.scoring import Run, count_repeats, find_faults_in, score_in_buckets
from grantguard.buckets.scratch import Scratch, open_scratch

__all__ = [
    "Parted",
    "Run",
    "Scratch",
    "Tell",
    "count_buckets",
    "count_repeats",
    "find_faults_in",
    "open_scratch",
    "part",
    "score_in_buckets",
]
