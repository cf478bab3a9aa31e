"""Which store to open."""

import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.observability import logger
from shared.storage._directory import DirectoryStore
from shared.storage._port import CopyTarget, ObjectStore, StorageError, UploadStore

if TYPE_CHECKING:
    from minio import Minio

_AGAIN_S, _MOST_S = 1.0, 30.0
log = logger(__name__)


class StorageSettings(BaseSettings):
    """S3 when `S3_ENDPOINT` is set, else a directory."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    upload_dir: Path = Field(default=Path("data/objects"), description="root of the directory store")
    s3_endpoint: str | None = Field(default=None, description="host:port of MinIO or another S3 service")
    s3_public_endpoint: str | None = Field(
        default=None,
        description="http(s)://host:port at which browsers reach the S3 service; uploads then go straight to it",
    )
    s3_access_key: SecretStr | None = Field(default=None, description="S3 access key")
    s3_secret_key: SecretStr | None = Field(default=None, description="S3 secret key")
    s3_bucket: str = Field(default="localclip", description="bucket for everything; created when missing")
    s3_region: str | None = Field(default=None, description="S3 region, where the service wants one")
    s3_secure: bool = Field(default=False, description="TLS to the S3 service")


def open_store(settings: StorageSettings) -> UploadStore:
    """The configured store, ready for its first object.

    Raises:
        StorageError: the S3 service does not answer or refuses the keys.
    """
    store = _store_of(settings)
    store.prepare()
    return store


def await_store(settings: StorageSettings) -> UploadStore:
    """As `open_store`, however long the S3 service is away or refuses.

    To end and be started again would load the models of a worker each time.
    """
    store = _store_of(settings)
    _prepare(store, settings)
    return store


def store_when_ready(settings: StorageSettings) -> UploadStore:
    """The configured store at once, prepared behind the caller, who has work that needs no store."""
    store = _store_of(settings)
    Thread(target=_prepare, args=(store, settings), name="store", daemon=True).start()
    return store


def _prepare(store: UploadStore, settings: StorageSettings) -> None:
    """Until it is done: told at each try, and tried ever less often."""
    pause_s = _AGAIN_S
    while True:
        try:
            store.prepare()
        except StorageError as error:
            where = f"the object store at {settings.s3_endpoint} (S3_ENDPOINT) cannot be used"
            log.warning("store_not_ready", error=f"{where}: {error}", again_in_s=pause_s)
        else:
            return
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _MOST_S)


def open_bucket(settings: StorageSettings, bucket: str) -> ObjectStore:
    """Another bucket of the configured S3 service, which is not made where it is missing. Raises: StorageError."""
    if settings.s3_endpoint is None:
        raise StorageError("there is no S3 service: set S3_ENDPOINT")
    from shared.storage._s3 import S3Store

    return S3Store(_client(settings, settings.s3_endpoint, settings.s3_region, secure=settings.s3_secure), bucket)


def open_copy_target(settings: StorageSettings, bucket: str) -> CopyTarget:
    """Another bucket of the configured S3 service, to copy into. Raises: StorageError, where there is no service."""
    if settings.s3_endpoint is None:
        raise StorageError("there is no S3 service: set S3_ENDPOINT")
    from shared.storage._s3 import S3CopyTarget

    client = _client(settings, settings.s3_endpoint, settings.s3_region, secure=settings.s3_secure)
    return S3CopyTarget(client, settings.s3_bucket, bucket)


def _client(settings: StorageSettings, endpoint: str, region: str | None, *, secure: bool) -> "Minio":
    from minio import Minio  # only where S3 is used

    from shared.storage._s3 import http_client

    return Minio(
        endpoint,
        access_key=settings.s3_access_key.get_secret_value() if settings.s3_access_key else None,
        secret_key=settings.s3_secret_key.get_secret_value() if settings.s3_secret_key else None,
        secure=secure,
        region=region,
        http_client=http_client(),
    )


def _store_of(settings: StorageSettings) -> UploadStore:
    if settings.s3_endpoint is None:
        return DirectoryStore(settings.upload_dir)
    from shared.storage._s3 import S3Store

    public = None
    if settings.s3_public_endpoint:
        scheme, _, host = settings.s3_public_endpoint.rpartition("://")
        # a region, so that signing needs no answer from an address that only browsers may reach
        region = settings.s3_region or "us-east-1"
        public = _client(settings, host.rstrip("/"), region, secure=scheme == "https")
    main = _client(settings, settings.s3_endpoint, settings.s3_region, secure=settings.s3_secure)
    return S3Store(main, settings.s3_bucket, public)
