"""``/metrics`` at a port of its own, on loopback, for a Prometheus on the same machine that has no key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric, start_http_server

from grantguard.errors import StoreUnreachable, UsageError
from grantguard.service.deployment import Deployment
from grantguard.store.counting import count_all


@contextmanager
def watching(deployment: Deployment, port: int) -> Iterator[int]:
    """Serve the metrics until left; gives the port, which for 0 is any free one. Raises ``UsageError``."""
    registry = CollectorRegistry()
    registry.register(_Current(deployment))
    try:
        server, thread = start_http_server(port, "127.0.0.1", registry)
    except OSError as error:
        raise UsageError(f"GRANTGUARD_METRICS_PORT: {port} cannot be listened on: {error.strerror}") from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, eq=False)
class _Current:
    """The deployment's metrics, the gauges set anew whenever they are read."""

    deployment: Deployment

    def describe(self) -> Iterable[Metric]:
        """Tell the names without asking the store."""
        return self.deployment.metrics.registry.collect()

    def collect(self) -> Iterable[Metric]:
        """Tell every metric; what the store holds is not a number while it is away."""
        metrics = self.deployment.metrics
        try:
            with self.deployment.desk.database.statement() as connection:
                metrics.set(count_all(connection), self.deployment.clock())
        except StoreUnreachable:
            metrics.unset()
        return metrics.registry.collect()
