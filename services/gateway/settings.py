"""Settings of the gateway."""

import tempfile
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.outside import Network, parse_networks


class DatabaseSettings(BaseSettings):
    """Where the task database is."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str = Field(
        default="sqlite:///data/localclip.db",
        description="sqlite:///<file> for one gateway, postgresql+psycopg://... for several",
    )
    database_wait_s: float = Field(
        default=10.0,
        gt=0,
        validation_alias="LOCALCLIP_DATABASE_WAIT_S",
        description="seconds a change waits for a busy database before it is refused with 503",
    )


class GatewaySettings(BaseSettings):
    """How the gateway listens and dispatches."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="LOCALCLIP_")

    host: str = Field(default="127.0.0.1", description="address to listen on; anything but loopback needs API keys")
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on")
    api_keys: SecretStr = Field(
        default=SecretStr(""), description="name:key pairs, separated by commas; a key sees its own tasks only"
    )
    allow_anonymous: bool = Field(default=False, description="listen beyond loopback without API keys")
    allowed_hosts: str = Field(
        default="",
        description="names to answer to beside localhost and addresses, separated by commas (*.example.org; *: any); "
        "empty: none without API keys, any with them",
    )
    allowed_origins: str = Field(
        default="",
        description="other origins whose pages may change something, separated by commas, such as https://dub.example.org",
    )
    allowed_networks: str = Field(
        default="",
        description="private networks that webhooks and sources may reach, separated by commas, such as 10.1.0.0/16; "
        "else public addresses only",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s?#]+/?)?$",
        description="where others reach this gateway, such as https://dub.example.org: event addresses begin with it",
    )
    sources_at_once: int = Field(default=4, ge=1, le=100, description="most videos fetched from elsewhere at a time")
    source_hours: float = Field(default=6.0, gt=0, description="hours a video may take to be fetched from elsewhere")
    source_retry_s: float = Field(
        default=5.0, gt=0, description="seconds until a fetch that broke off goes on, at first; later 180 times that"
    )
    ytdlp: bool = Field(
        default=False,
        description="whether tasks may name a page (source_page), whose video yt-dlp fetches where it is installed",
    )
    source_prefix: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9.-]*(/[^/].*)?)?$",
        description="bucket, and folder in it, of the S3 service from which tasks may take videos by key, such as "
        "footage/incoming; every account may read all of it, with {owner} in it (footage/{owner}) only its own",
    )
    delivery_prefix: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9.-]*(/[^/].*)?)?$",
        description="bucket, and folder in it, of the S3 service into which files of batches may be copied, such as "
        "dubbed/ready; with {owner} in it (dubbed/{owner}) a folder of each account",
    )
    file_address_hours: float = Field(
        default=168.0,
        gt=0,
        le=8760,
        description="hours for which the addresses of files in events are good, without a key; facts are kept for 168",
    )
    work_dir: Path = Field(
        default=Path(tempfile.gettempdir()) / "localclip", description="folder for temporary files of running jobs"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    max_video_size_mb: int = Field(
        default=500, ge=1, validation_alias="MAX_VIDEO_SIZE_MB", description="largest upload accepted, in MiB"
    )
    upload_part_mb: int = Field(
        default=16, ge=5, le=1024, description="size of the parts of a resumable upload, in MiB; S3 wants 5 or more"
    )
    web_dir: str = Field(default="", description="folder of the built web app; empty: that of this checkout")
    task_queue_workers: int | None = Field(
        default=None,
        ge=1,
        validation_alias="TASK_QUEUE_WORKERS",
        description="most jobs of a stage handed out at a time; empty: as many as its workers take",
    )
    heartbeat_s: float = Field(default=5.0, gt=0, description="seconds between heartbeats on an event stream")
    resend_after_s: float = Field(default=45.0, gt=0, description="seconds until a silent job is looked for")
    sweep_s: float = Field(default=10.0, gt=0, description="seconds between two sweeps for lost work")
    listening_patience_s: float = Field(
        default=120.0,
        ge=0,
        description="seconds a dub waits to be listened to again before it goes on without those figures",
    )
    result_retry_s: float = Field(
        default=1.0,
        gt=0,
        description="seconds until a result that could not be recorded is tried again, at first; later 30 times that",
    )
    delete_grace_s: float = Field(
        default=40.0, ge=0, description="seconds a deleted task waits for workers that do not answer"
    )

    automation_consumers: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")], ...] = Field(
        default=("automation",),
        description="durable consumers of facts for the operator's own programs, a name for each (docs/events.md)",
    )

    @property
    def max_video_bytes(self) -> int:
        """The upload limit in bytes."""
        return self.max_video_size_mb * 1024 * 1024

    def source_folder(self, owner: str) -> str:
        """What stands before the keys that tasks of an account name, in the bucket that was opened."""
        return _folder(self.source_prefix, owner)

    def delivery_folder(self, owner: str) -> str:
        """What stands before the keys that files of an account are delivered under."""
        return _folder(self.delivery_prefix, owner)

    def delivers_to(self, owner: str) -> str | None:
        """The bucket and that folder, such as `dubbed/ready/`; None if no bucket was opened."""
        bucket = self.delivery_prefix.partition("/")[0]
        return f"{bucket}/{self.delivery_folder(owner)}" if bucket else None

    @property
    def web_folder(self) -> Path:
        """Where the built web app is, if it is built."""
        return Path(self.web_dir) if self.web_dir else Path(__file__).parents[2] / "frontend" / "dist"

    def host_names(self) -> tuple[str, ...]:
        """The configured names, lower case."""
        return tuple(part.strip().lower() for part in self.allowed_hosts.split(",") if part.strip())

    def origins(self) -> tuple[str, ...]:
        """The configured origins, lower case."""
        return tuple(part.strip().lower().rstrip("/") for part in self.allowed_origins.split(",") if part.strip())

    def networks(self) -> tuple[Network, ...]:
        """The operator's own networks that were opened. Raises: ValueError, naming what is not a network."""
        return parse_networks(self.allowed_networks)

    def keys(self) -> dict[str, str]:
        """API keys as {key: name}. Raises: ValueError, for a malformed entry."""
        found: dict[str, str] = {}
        for entry in filter(None, (part.strip() for part in self.api_keys.get_secret_value().split(","))):
            name, colon, key = entry.partition(":")
            if not colon or not name or len(key) < 16:
                raise ValueError("LOCALCLIP_API_KEYS: each entry is name:key with a key of at least 16 characters")
            found[key] = name
        return found


def _folder(prefix: str, owner: str) -> str:
    """The folder of a prefix, with `/` at its end where it is not the whole bucket."""
    folder = prefix.partition("/")[2].strip("/").replace("{owner}", _as_segment(owner or "anonymous"))
    return f"{folder}/" if folder else ""


def _as_segment(name: str) -> str:
    """The name of an account as one part of a key: none can lead into the folder of another."""
    if not name.strip("."):
        return name.replace(".", "%2E")
    return "".join(quote(char, safe="") if char in "/\\%" or not char.isprintable() else char for char in name)
