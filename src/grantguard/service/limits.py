"""How much one caller may ask at once, and how often: a bucket of tokens a key, in this process's memory.

Several processes of a deployment count each for itself, so that a key may do as many times as much as there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Every limit of the service."""

    most_stream: int = 100 * MEGABYTE
    """Bytes of a body of rows, as sent and as inflated."""
    most_document: int = 16 * MEGABYTE
    """Bytes of any other body."""
    most_rows: int = 100_000
    """Rows of a JSON array; NDJSON may have any number."""
    rate: float = 100.0
    """Requests a second that a key may make in the long run."""
    burst: int = 200
    """Requests that it may make at once."""
    wrong_rate: float = 0.2
    """Wrong keys a second that one address may show in the long run."""
    wrong_burst: int = 20
    """Wrong keys that it may show at once."""


MOST_CALLERS = 10_000
"""Callers of whom a bucket is remembered, those who came last: who is forgotten begins with a full one."""


@dataclass
class Buckets:
    """A bucket a caller: it holds ``burst`` tokens, a request takes one, ``rate`` come back a second."""

    rate: float
    burst: int
    most: int = MOST_CALLERS
    left: dict[str, tuple[float, float]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def take(self, caller: str, clock: float) -> float:
        """Take a token at ``clock`` (seconds); 0, or the seconds to wait where there is none."""
        with self.lock:
            tokens = self._tokens(caller, clock)
            taken = tokens >= 1
            self.left.pop(caller, None)  # so that whoever came last stands last
            self.left[caller] = (tokens - taken, clock)
            if len(self.left) > self.most:
                del self.left[next(iter(self.left))]
        return 0.0 if taken else (1 - tokens) / self.rate

    def wait(self, caller: str, clock: float) -> float:
        """What ``take`` would answer; nothing is taken."""
        with self.lock:
            tokens = self._tokens(caller, clock)
        return 0.0 if tokens >= 1 else (1 - tokens) / self.rate

    def _tokens(self, caller: str, clock: float) -> float:
        tokens, since = self.left.get(caller, (float(self.burst), clock))
        return min(float(self.burst), tokens + (clock - since) * self.rate)
