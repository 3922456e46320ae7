"""What there is to watch, for Prometheus; no label names an account, a key or a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import nan
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from grantguard.store.counting import Counts
from grantguard.vocabulary import Decision

SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

GAUGES: Final = {
    "marked_accounts": "Accounts that wait to be scored.",
    "ingest_lag_seconds": "How long the longest waiting account has waited.",
    "outbox_messages": "Messages that wait for the ledger.",
    "outbox_age_seconds": "How long the longest waiting message has waited.",
    "outbox_dead_letters": "Messages that were given up.",
    "delivery_stopped": "1 while the ledger is left alone.",
}
P_VALUES: Final = "Share of accounts with a p-value up to a bound: near the bound itself when all is well."


class Metrics:
    """The counters of this process, and gauges of what the store holds, which are set when they are asked for."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.requests = Counter(
            "grantguard_http_requests", "Requests answered.", ["method", "route", "status"], registry=own
        )
        self.latency = Histogram(
            "grantguard_http_request_duration_seconds", "Time to answer.", ["route"], buckets=SECONDS, registry=own
        )
        self.rows = Counter("grantguard_ingested_rows", "Rows sent, by their fate.", ["table", "fate"], registry=own)
        self.reported = Counter(
            "grantguard_source_reports", "Items taken otherwise than meant.", ["report"], registry=own
        )
        self.decisions = Counter("grantguard_decisions", "Decisions answered.", ["action"], registry=own)
        self.gauges = {name: Gauge(f"grantguard_{name}", meaning, registry=own) for name, meaning in GAUGES.items()}
        self.standing = Gauge("grantguard_standing_grants", "Grants by the action in force.", ["action"], registry=own)
        self.p_values = Gauge("grantguard_p_value_share", P_VALUES, ["bound"], registry=own)

    def count_decisions(self, decisions: Iterable[Decision]) -> None:
        """Count what was answered."""
        for decision in decisions:
            self.decisions.labels(decision.action).inc()

    def tell(self, counts: Counts, now: datetime) -> bytes:
        """The page that Prometheus reads."""
        self.set(counts, now)
        return generate_latest(self.registry)

    def set(self, counts: Counts, now: datetime) -> None:
        """Set the gauges to what the store holds."""
        told = {
            "marked_accounts": counts.marked.accounts,
            "ingest_lag_seconds": _age(counts.marked.since, now),
            "outbox_messages": counts.undelivered.waiting,
            "outbox_age_seconds": _age(counts.undelivered.since, now),
            "outbox_dead_letters": counts.undelivered.dead,
            "delivery_stopped": float(counts.stopped),
        }
        for name, value in told.items():
            self.gauges[name].set(value)
        for action, grants in counts.standing.items():
            self.standing.labels(action).set(grants)
        for bound, share in counts.p_shares.items():
            self.p_values.labels(str(bound)).set(share)

    def unset(self) -> None:
        """Say of what the store holds that it is not known."""
        for gauge in self.gauges.values():
            gauge.set(nan)
        self.standing.clear()
        self.p_values.clear()


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
