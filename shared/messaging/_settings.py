"""Settings every service shares for the broker and the worker runtime."""

import tempfile
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class BrokerSettings(BaseSettings):
    """Where the broker is."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    nats_url: str = Field(default="nats://127.0.0.1:4222", description="address of nats-server, JetStream enabled")


class WorkerSettings(BaseSettings):
    """How a stage worker behaves."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    work_dir: Path = Field(
        default=Path(tempfile.gettempdir()) / "localclip", description="folder for temporary files of running jobs"
    )
    grace_s: float = Field(default=20.0, ge=0, description="seconds a running job may go on after SIGTERM")
    abandon_s: float = Field(default=4.0, ge=0, description="seconds a canceled job has to let go before exit")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")


def connect_options() -> dict[str, Any]:
    """How every client connects: it waits for the broker for ever and comes back after every loss."""
    return {"max_reconnect_attempts": -1, "reconnect_time_wait": 1, "connect_timeout": 5, "graceful_timeout": 5}
