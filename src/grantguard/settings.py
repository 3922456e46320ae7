"""What a deployment can choose; read from the environment at a door, and never at import."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting, each an environment variable ``GRANTGUARD_…`` of its name. What is secret is never shown."""

    model_config = SettingsConfigDict(env_prefix="GRANTGUARD_", frozen=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("grantguard"),
        description="The folder of the embedded database, the secret and the shelf of models.",
    )
    model: Path | None = Field(
        default=None, description="The folder of the bundle that is served; default: the champion, else models/default."
    )
    database_url: SecretStr | None = Field(
        default=None, description="Another PostgreSQL, as postgresql://…; default: the embedded one under the home."
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="The key of all hashes; default: one that is made once and kept under the home.",
    )
    mapping: str | None = Field(
        default=None, description="What senders lack (categories, prices, whose account): a file of JSON, or the JSON."
    )
    webhook_url: SecretStr | None = Field(
        default=None, description="Where the ledger listens for signed webhooks; default: nobody is told."
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="What webhooks are signed with: whsec_…; two, with a comma, while one takes over."
    )
    webhook_private: bool = Field(
        default=False, description="Whether the webhook may lead into a private network, and go without TLS."
    )
    webhook_tranches: bool = Field(
        default=False, description="Whether the webhook is told how much to let go of a newcomer's credit at a time."
    )
    stripe_key: SecretStr | None = Field(
        default=None, description="The API key of Stripe Billing, as the ledger in place of a webhook."
    )
    rate: float = Field(default=100.0, gt=0, description="Requests a second that a key may make, per process.")
    burst: int = Field(default=200, ge=1, description="Requests that a key may make at once, per process.")
    most_stream: int = Field(default=100 * 2**20, ge=1, description="Bytes of a body of rows at most, inflated.")
    most_document: int = Field(default=16 * 2**20, ge=1, description="Bytes of any other body at most, inflated.")
    keep_days: int | None = Field(
        default=None, ge=1, description="Days after which a worker forgets usage that nothing reads; default: never."
    )
    log_format: Literal["json", "text"] = Field(default="json", description="How lines of log are written.")
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="A port of 127.0.0.1 for /metrics of serve or worker, without a key; default: at serve, with one.",
    )
    otel_endpoint: str | None = Field(
        default=None, description="Where OpenTelemetry traces go, over HTTP; needs the extra 'telemetry'."
    )
