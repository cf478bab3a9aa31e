"""Settings of the progress service."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProgressSettings(BaseSettings):
    """How often is told what, and how long silence is remembered."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    progress_interval_s: float = Field(
        default=0.5, gt=0, description="minimum seconds between two updates of one task, language and stage"
    )
    progress_silence_s: float = Field(
        default=3600.0, gt=0, description="seconds after which a silent task, language and stage is forgotten"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    health_file: Path | None = Field(
        default=None, description="file kept fresh while the service works, for health checks; None: none"
    )
