"""What a running service says of itself: lines of log, and traces where somebody collects them."""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager, nullcontext

import structlog
from fastapi import FastAPI

from grantguard.errors import UsageError
from grantguard.service import Deployment
from grantguard.service.watching import watching
from grantguard.settings import Settings


def write_logs(form: str) -> None:
    """Log to standard error, a JSON object a line or as text; never what a request holds, and no secret."""
    last = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Their warnings may quote what was sent, or an address with its password.
    for name in ("psycopg", "psycopg.pool", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def watched(settings: Settings, deployment: Deployment) -> AbstractContextManager[object]:
    """The metrics at the port that the setting names, for as long as the process runs; without one nothing."""
    return nullcontext() if settings.metrics_port is None else watching(deployment, settings.metrics_port)


def trace(app: FastAPI, endpoint: str | None) -> None:
    """Send traces of the application to ``endpoint``. Raises ``UsageError`` where the extra is not installed."""
    if endpoint is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise UsageError("GRANTGUARD_OTEL_ENDPOINT: install the extra: pip install 'grantguard[telemetry]'") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "grantguard"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider, excluded_urls="healthz,readyz,metrics")
