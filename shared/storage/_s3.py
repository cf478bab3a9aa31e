"""Objects in MinIO or any S3 service, through the `minio` client."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from shared.storage._port import PART_BYTES, ObjectInfo, ObjectNotFound, StorageError, check_key, check_prefix, download

_MISSING = {"NoSuchKey", "NoSuchObject", "NoSuchBucket", "NoSuchUpload"}


class _Body:
    """A response body that gives its connection back when closed."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def read(self, size: int = -1) -> bytes:
        return cast(bytes, self._response.read(None if size < 0 else size))

    def close(self) -> None:
        self._response.close()
        self._response.release_conn()

    def __enter__(self) -> "_Body":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class S3Store:
    """Object store in one bucket, which is created when missing."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client, self._bucket = client, bucket
        with _translated(bucket):
            if not client.bucket_exists(bucket):
                client.make_bucket(bucket)

    def put(self, key: str, source: BinaryIO, size: int | None = None) -> ObjectInfo:
        """Upload in parts; an interrupted upload is aborted by the client and leaves no object."""
        with _translated(key):
            self._client.put_object(
                self._bucket,
                check_key(key),
                source,
                -1 if size is None else size,
                part_size=PART_BYTES,
                content_type="application/octet-stream",
            )
        return self.stat(key)

    def create(self, key: str, data: bytes) -> bool:
        """Upload on condition `If-None-Match: *`."""
        headers = {"If-None-Match": "*", "Content-Type": "application/json"}
        try:
            # put_object() takes user metadata only and would prefix the condition; the client's own request does not
            self._client._put_object(self._bucket, check_key(key), data, headers)  # noqa: SLF001 (minio 7.2.20)
        except S3Error as error:
            if error.code == "PreconditionFailed":
                return False
            raise StorageError(f"{key}: {error.code}: {error.message}") from error
        except urllib3.exceptions.HTTPError as error:
            raise StorageError(f"{key}: {error}") from error
        return True

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Start a ranged GET."""
        if length == 0:
            self.stat(key)
            return io.BytesIO()
        with _translated(key):
            response = self._client.get_object(self._bucket, check_key(key), offset=start, length=length or 0)
        return cast(BinaryIO, _Body(response))

    def local(self, key: str, folder: Path) -> Path:
        """Download to `folder`, once."""
        path = folder / key.rsplit("/", 1)[-1]
        return path if path.exists() else download(self, key, path)

    def stat(self, key: str) -> ObjectInfo:
        """HEAD the object."""
        with _translated(key):
            found = self._client.stat_object(self._bucket, check_key(key))
        return ObjectInfo(key, found.size or 0, (found.etag or "").strip('"'))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List page by page."""
        with _translated(prefix):
            for found in self._client.list_objects(self._bucket, check_prefix(prefix), recursive=True):
                yield ObjectInfo(found.object_name or "", found.size or 0, (found.etag or "").strip('"'))

    def delete(self, prefix: str) -> int:
        """Remove objects in batches and abort multipart uploads below `prefix`."""
        found = [info.key for info in self.list(prefix)]
        with _translated(prefix):
            errors = list(self._client.remove_objects(self._bucket, [DeleteObject(key) for key in found]))
            self._abort_uploads(prefix)
        if errors:
            raise StorageError(f"{prefix}: {errors[0].code}: {errors[0].message}")
        return len(found)

    def _abort_uploads(self, prefix: str) -> None:
        uploads = self._client._list_multipart_uploads(self._bucket, prefix=prefix)  # noqa: SLF001 (no public method)
        for upload in uploads.uploads:
            self._client._abort_multipart_upload(  # noqa: SLF001
                self._bucket, upload.object_name, upload.upload_id
            )


class _translated:  # noqa: N801 (reads as a statement)
    """Turn the client's errors into the port's."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, S3Error):
            kind = ObjectNotFound if error.code in _MISSING else StorageError
            raise kind(f"{self._key}: {error.code}: {error.message}") from error
        if isinstance(error, urllib3.exceptions.HTTPError):
            raise StorageError(f"{self._key}: {error}") from error
