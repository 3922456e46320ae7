"""Scoring a population that is larger than memory: bucket by bucket of accounts, the same values as at once."""

from grantguard.buckets.parting import part
from grantguard.buckets.scoring import Run, score_in_buckets
from grantguard.buckets.scratch import Scratch, open_scratch

__all__ = ["Run", "Scratch", "open_scratch", "part", "score_in_buckets"]
