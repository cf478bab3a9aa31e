"""Settings every service shares for the broker and the worker runtime."""

import logging
import tempfile
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging._streams import ACK_WAIT_S, Provisioning


class BrokerSettings(BaseSettings):
    """Where the broker is, and what every service asks of its streams: the last one to start decides for all."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    nats_url: str = Field(default="nats://127.0.0.1:4222", description="address of nats-server, JetStream enabled")
    nats_ack_wait_s: float = Field(
        default=ACK_WAIT_S, gt=0, description="seconds without a heartbeat after which a job goes to another worker"
    )
    nats_replicas: int = Field(default=1, ge=1, le=5, description="copies of every stream, in a cluster of brokers")

    def provisioning(self) -> Provisioning:
        """What `provision` should bring the broker to."""
        return Provisioning(replicas=self.nats_replicas, ack_wait_s=self.nats_ack_wait_s)


class WorkerSettings(BaseSettings):
    """How a stage worker behaves."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    work_dir: Path = Field(
        default=Path(tempfile.gettempdir()) / "localclip", description="folder for temporary files of running jobs"
    )
    grace_s: float = Field(default=20.0, ge=0, description="seconds a running job may go on after SIGTERM")
    abandon_s: float = Field(default=4.0, ge=0, description="seconds a canceled job has to let go before exit")
    max_tries: int = Field(default=6, ge=1, description="starts of a job before it is reported as failed")
    retry_delays_s: tuple[float, ...] = Field(
        default=(1.0, 5.0, 15.0, 60.0, 300.0), min_length=1, description="seconds before each further try"
    )
    commercial_only: bool = Field(
        default=False, description="refuse engines whose licence forbids commercial use, weights included"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    health_file: Path | None = Field(
        default=None, description="file kept fresh while the service works, for health checks; None: none"
    )


def connect_options() -> dict[str, Any]:
    """How every client connects: it waits for the broker for ever and comes back after every loss.

    The framework logs each message at DEBUG; an error in a handler would be silent without its logger.
    """
    return {
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": 1,
        "connect_timeout": 5,
        "graceful_timeout": 5,
        "logger": logging.getLogger("faststream"),
        "log_level": logging.DEBUG,
    }
