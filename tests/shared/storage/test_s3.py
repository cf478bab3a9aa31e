"""The S3 store beyond the common promises: a service that goes away."""

import pytest
import urllib3
from minio import Minio

from shared.storage import StorageError, StorageSettings, open_store
from shared.storage._s3 import S3Store
from shared.testing import free_port


def test_unreachable_service() -> None:
    """A service that does not answer is an error of the store, whatever the client calls it."""
    impatient = urllib3.PoolManager(retries=urllib3.Retry(0), timeout=1.0)
    client = Minio(f"127.0.0.1:{free_port()}", access_key="a", secret_key="b", secure=False, http_client=impatient)
    with pytest.raises(StorageError):
        S3Store(client, "bucket").prepare()


def test_directory_without_endpoint(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Without an endpoint the directory is opened."""
    store = open_store(StorageSettings(upload_dir=tmp_path))
    assert store.create("a/b", b"x")
    assert (tmp_path / "a" / "b").read_bytes() == b"x"
