"""Videos and artifacts by key: one port, a directory and S3 behind it."""

from shared.storage import _keys as keys
from shared.storage._directory import DirectoryStore
from shared.storage._port import (
    InvalidKey,
    ObjectInfo,
    ObjectNotFound,
    ObjectStore,
    Part,
    PartsChanged,
    StorageError,
    StoreFull,
    UploadStore,
    Writer,
    check_key,
    download,
    is_key,
    put_bytes,
    put_file,
    read_bytes,
)
from shared.storage._settings import StorageSettings, await_store, open_bucket, open_store, store_when_ready

__all__ = [
    "DirectoryStore",
    "InvalidKey",
    "ObjectInfo",
    "ObjectNotFound",
    "ObjectStore",
    "Part",
    "PartsChanged",
    "StorageError",
    "StorageSettings",
    "StoreFull",
    "UploadStore",
    "Writer",
    "await_store",
    "check_key",
    "download",
    "is_key",
    "keys",
    "open_bucket",
    "open_store",
    "put_bytes",
    "put_file",
    "read_bytes",
    "store_when_ready",
]
