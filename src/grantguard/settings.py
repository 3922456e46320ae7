"""What a deployment can choose; read from the environment at a door, and never at import."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting, each an environment variable ``GRANTGUARD_…`` of its name."""

    model_config = SettingsConfigDict(env_prefix="GRANTGUARD_", frozen=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("grantguard"), description="The folder of whatever Grantguard keeps."
    )
    model: Path | None = Field(
        default=None, description="The folder of the bundle that is served; default: the champion, else models/default."
    )
