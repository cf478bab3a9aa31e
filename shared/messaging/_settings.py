"""Settings every service shares for the broker and the worker runtime."""

import logging
import ssl
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from faststream.nats.security import NatsSecurity, NatsUserPassword
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging._accounts import inbox_prefix
from shared.messaging._streams import ACK_WAIT_S, Provisioning
from shared.observability import logger

log = logger(__name__)

_SCHEMES = ("nats", "tls", "ws", "wss")
_SAID_AGAIN_S = 60.0


class BrokerSettings(BaseSettings):
    """Where the broker is, as whom to speak to it, and what the gateway asks of its streams for all."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    nats_url: str = Field(default="nats://127.0.0.1:4222", description="address of nats-server, JetStream enabled")
    nats_user: str = Field(
        default="", description="user name at the broker: the service's name; not used where the address names one"
    )
    nats_password: SecretStr = Field(default=SecretStr(""), description="password of that user")
    nats_tls_ca: Path | None = Field(
        default=None, description="CA certificate that signed the broker's; empty: the system's authorities"
    )
    nats_ack_wait_s: float = Field(
        default=ACK_WAIT_S,
        gt=0,
        description="seconds without a heartbeat after which a job goes to another worker; the gateway sets it for all",
    )
    nats_replicas: int = Field(
        default=1,
        ge=1,
        le=5,
        description="copies of every stream, in a cluster of brokers; the gateway sets it for all",
    )

    @field_validator("nats_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        example = "it must be like nats://127.0.0.1:4222, one address"
        try:
            parts = urlsplit(url if "://" in url else f"nats://{url}")
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"{example}: {error}") from None
        if not parts.hostname or parts.scheme not in _SCHEMES:
            raise ValueError(example)
        return url

    @property
    def user(self) -> str:
        """The user name for the broker; empty: it requires none."""
        return unquote(urlsplit(self.nats_url).username or "") or self.nats_user

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
    abandon_s: float = Field(
        default=4.0, ge=0, description="seconds a canceled job is given to stop before the service exits"
    )
    max_tries: int = Field(default=6, ge=1, description="times a job is started before it is reported as failed")
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


def connect_options(settings: BrokerSettings) -> dict[str, Any]:
    """How every client connects: it waits for the broker indefinitely and reconnects after every loss.

    The framework logs each message at DEBUG; an error in a handler would be silent without its logger.
    """
    return {
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": 1,
        "connect_timeout": 5,
        "graceful_timeout": 5,
        "inbox_prefix": inbox_prefix(settings.user),
        "security": _security(settings),
        "error_cb": _tells_refusals(settings),
        "logger": _framework_log(),
        "log_level": logging.DEBUG,
    }


def _framework_log() -> logging.Logger:
    """FastStream's own logger: its handler, which writes coloured text into a log of JSON, gives way to ours."""
    found = logging.getLogger("faststream")
    found.handlers.clear()
    found.propagate = True
    found.setLevel(logging.WARNING)
    found.addFilter(_is_news)  # a second time changes nothing
    return found


def _is_news(record: logging.LogRecord) -> bool:
    """Suppress empty fetches, which FastStream logs as its own failure, with a traceback.

    nats-py 2.16 raises asyncio's TimeoutError when it runs out of time; FastStream 0.7.8 expects the one of nats, and
    restarts the fetch. This can be removed once FastStream handles both.
    """
    empty = record.exc_info is not None and record.exc_info[0] is TimeoutError
    return not (empty and "raised an exception, retrying" in record.getMessage())


def _security(settings: BrokerSettings) -> NatsSecurity | None:
    trusted = ssl.create_default_context(cafile=str(settings.nats_tls_ca)) if settings.nats_tls_ca else None
    if settings.nats_user and not urlsplit(settings.nats_url).username:
        return NatsUserPassword(settings.nats_user, settings.nats_password.get_secret_value(), ssl_context=trusted)
    return NatsSecurity(ssl_context=trusted) if trusted else None


def login_refused(error: BaseException, settings: BrokerSettings) -> str | None:
    """The message for a person if the broker refused the user or password; None for any other error."""
    if "authorization" not in str(error).lower():
        return None
    who = f"the user {settings.user!r}" if settings.user else "a client without a user"
    return f"the broker refuses {who}: NATS_USER and NATS_PASSWORD must be those it was started with"


def _tells_refusals(settings: BrokerSettings) -> Callable[[Exception], Awaitable[None]]:
    silent_until = 0.0  # the client tries every second, forever

    async def tell(error: Exception) -> None:
        nonlocal silent_until
        if "permissions violation" in str(error).lower():
            log.error("broker_forbids", user=settings.user, error=str(error))
        elif (refusal := login_refused(error, settings)) and time.monotonic() >= silent_until:
            silent_until = time.monotonic() + _SAID_AGAIN_S
            log.error("broker_refuses_login", error=refusal)

    return tell
