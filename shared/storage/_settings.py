"""Which store to open."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.storage._directory import DirectoryStore
from shared.storage._port import UploadStore


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
    """Open the configured store.

    Raises:
        StorageError: the S3 service does not answer or refuses the keys.
    """
    if settings.s3_endpoint is None:
        return DirectoryStore(settings.upload_dir)
    from minio import Minio  # only where S3 is used

    from shared.storage._s3 import S3Store, http_client

    def client(endpoint: str, region: str | None, *, secure: bool) -> Minio:
        return Minio(
            endpoint,
            access_key=settings.s3_access_key.get_secret_value() if settings.s3_access_key else None,
            secret_key=settings.s3_secret_key.get_secret_value() if settings.s3_secret_key else None,
            secure=secure,
            region=region,
            http_client=http_client(),
        )

    public = None
    if settings.s3_public_endpoint:
        scheme, _, host = settings.s3_public_endpoint.rpartition("://")
        # a region, so that signing needs no answer from an address that only browsers may reach
        public = client(host.rstrip("/"), settings.s3_region or "us-east-1", secure=scheme == "https")
    return S3Store(
        client(settings.s3_endpoint, settings.s3_region, secure=settings.s3_secure), settings.s3_bucket, public
    )
