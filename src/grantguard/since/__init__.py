"""Scoring since an earlier run: what an account's own rows said is remembered, and only who looks different is rated.

What depends on others, or on the moment itself, is read anew of everybody from what is remembered; no event is. So an
account is never passed over that would have another score from scratch.
"""

from grantguard.since.keeping import keep, recall
from grantguard.since.memory import Memory
from grantguard.since.scoring import Scored, score_since

__all__ = ["Memory", "Scored", "keep", "recall", "score_since"]
