"""Objects in MinIO or any S3 service, through the `minio` client."""

import contextlib
import hashlib
import io
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote, urlsplit

import certifi
import urllib3
from minio import Minio
from minio.commonconfig import REPLACE, CopySource
from minio.datatypes import Part as S3Part
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from shared.storage._draft import Draft, disk_full
from shared.storage._port import (
    PART_BYTES,
    PUSHED_BYTES,
    KeyTaken,
    ObjectInfo,
    ObjectNotFound,
    Part,
    PartsChanged,
    StorageError,
    check_key,
    check_prefix,
    download,
)

_MISSING = {"NoSuchKey", "NoSuchObject", "NoSuchBucket", "NoSuchUpload"}
_CREATE_TRIES = 5
_MARK = "localclip-copy-of"


class _Body:
    """A response body that gives its connection back when closed."""

    def __init__(self, response: Any, key: str) -> None:
        self._response, self._key = response, key

    def read(self, size: int = -1) -> bytes:
        with _translated(self._key):
            return cast(bytes, self._response.read(None if size < 0 else size))

    def close(self) -> None:
        self._response.close()
        self._response.release_conn()

    def __enter__(self) -> "_Body":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Exactly:
    """A source that must yield exactly `size` bytes; the client would leave the rest of a longer one unread."""

    def __init__(self, source: BinaryIO, size: int, key: str) -> None:
        self._source, self._left, self._key, self._size = source, size, key, size

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        too_long = self._left < 0 or (self._left == 0 and self._source.read(1))
        if too_long or (self._left > 0 and not data):
            raise StorageError(f"{self._key}: the source does not hold {self._size} bytes")
        return data


def http_client() -> urllib3.PoolManager:
    """The client's own connection pool, but for `Retry-After`: MinIO asks for a minute while it is starting."""
    again = urllib3.Retry(
        total=5, backoff_factor=0.5, status_forcelist=[500, 502, 503, 504], respect_retry_after_header=False
    )
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=10.0, read=300.0),
        maxsize=20,  # the gateway's threads for transfers, and some for its loops
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
        retries=again,
    )


class S3Store:
    """Object store in one bucket, which `prepare` creates; `public` signs addresses that browsers reach."""

    def __init__(self, client: Minio, bucket: str, public: Minio | None = None) -> None:
        self._client, self._bucket, self._public = client, bucket, public

    def prepare(self) -> None:
        """Create the bucket when it is missing."""
        with _translated(self._bucket):
            if not self._client.bucket_exists(self._bucket):
                self._client.make_bucket(self._bucket)

    def put(self, key: str, source: BinaryIO, size: int | None = None) -> ObjectInfo:
        """Upload in parts, three at a time; an interrupted upload is aborted by the client and leaves no object."""
        check_key(key)
        data = source if size is None else cast(BinaryIO, _Exactly(source, size, key))
        with _translated(key):
            self._client.put_object(
                self._bucket,
                key,
                data,
                -1 if size is None else size,
                part_size=PART_BYTES,
                content_type="application/octet-stream",
            )
        return self.stat(key)

    def open_writer(self, key: str) -> "_Multipart":
        """Upload in parts of `PUSHED_BYTES`; what is smaller goes in one request."""
        return _Multipart(self._client, self._bucket, check_key(key), self.stat)

    def create(self, key: str, data: bytes) -> bool:
        """Upload on condition `If-None-Match: *`."""
        headers: dict[str, str | list[str] | tuple[str]] = {"If-None-Match": "*", "Content-Type": "application/json"}
        check_key(key)
        for _ in range(_CREATE_TRIES):
            try:
                with _translated(key):
                    # put_object() would prefix the condition as user metadata; the client's own request does not
                    self._client._put_object(self._bucket, key, data, headers)  # noqa: SLF001 (minio 7.2.20)
            except StorageError as error:
                code = error.__cause__.code if isinstance(error.__cause__, S3Error) else ""
                if code == "PreconditionFailed":
                    return False
                if code != "ConditionalRequestConflict":  # two writers at once: AWS asks both to try again
                    raise
            else:
                return True
        raise StorageError(f"{key}: other writers kept it busy")

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Start a ranged GET."""
        check_key(key)
        if length == 0 or (start and start >= self.stat(key).size):  # S3 refuses a range without bytes
            self.stat(key)
            return io.BytesIO()
        with _translated(key):
            response = self._client.get_object(self._bucket, key, offset=start, length=length or 0)
        return cast(BinaryIO, _Body(response, key))

    def local(self, key: str, folder: Path) -> Path:
        """Download to `folder`, once; objects of the same name lie side by side."""
        check_key(key)
        path = folder / hashlib.sha256(key.encode()).hexdigest()[:12] / key.rsplit("/", 1)[-1]
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{secrets.token_hex(4)}")  # a name of its own, so no reader sees half a file
            download(self, key, part).replace(path)
        return path

    def stat(self, key: str) -> ObjectInfo:
        """HEAD the object."""
        with _translated(key):
            found = self._client.stat_object(self._bucket, check_key(key))
        return ObjectInfo(key, found.size or 0, (found.etag or "").strip('"'))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List page by page."""
        with _translated(prefix):
            for found in self._client.list_objects(self._bucket, prefix and check_prefix(prefix), recursive=True):
                yield ObjectInfo(found.object_name or "", found.size or 0, (found.etag or "").strip('"'))

    def delete(self, prefix: str) -> int:
        """Remove objects in batches and abort multipart uploads below `prefix`."""
        found = [info.key for info in self.list(check_prefix(prefix))]
        with _translated(prefix):
            errors = list(self._client.remove_objects(self._bucket, [DeleteObject(key) for key in found]))
            self._abort_uploads(prefix)
        if errors:
            raise StorageError(f"{prefix}: {errors[0].code}: {errors[0].message}")
        return len(found)

    @property
    def upload_origin(self) -> str | None:
        """The public address of the service."""
        if self._public is None:
            return None
        url = urlsplit(self._public.get_presigned_url("GET", self._bucket, "readyz"))
        return f"{url.scheme}://{url.netloc}"

    def read_url(self, key: str, expires: timedelta, name: str, media_type: str) -> str | None:
        """Presign a download, if browsers can reach the service."""
        if self._public is None:
            return None
        headers: dict[str, str | list[str] | tuple[str]] = {
            "response-content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "response-content-type": media_type,
        }
        with _translated(key):
            return self._public.presigned_get_object(self._bucket, check_key(key), expires, response_headers=headers)

    # The client has no public methods for multipart uploads; those below are what its own put_object() calls (7.2.20).

    def begin(self, key: str) -> str:
        """Create a multipart upload."""
        with _translated(key):
            return self._client._create_multipart_upload(self._bucket, check_key(key), _headers())  # noqa: SLF001

    def part_url(self, key: str, write_id: str, number: int, expires: timedelta) -> str | None:
        """Presign the part, if browsers can reach the service."""
        if self._public is None:
            return None
        query: dict[str, str | list[str] | tuple[str]] = {"uploadId": write_id, "partNumber": str(number)}
        with _translated(key):
            return self._public.get_presigned_url(
                "PUT", self._bucket, check_key(key), expires, extra_query_params=query
            )

    def open_part(self, key: str, write_id: str, number: int, size: int) -> Draft[Part]:
        """Keep the part in a file until it is whole: S3 wants it in one request, and drops one whose bytes drip."""

        def send(_: Path, file: BinaryIO) -> Part:
            file.seek(0)
            data = file.read()
            with _translated(key):
                tag = self._client._upload_part(self._bucket, key, data, None, write_id, number)  # noqa: SLF001
            return Part(number, size, tag.strip('"'))

        return Draft(check_key(key), _spool(key), send, size)

    def parts(self, key: str, write_id: str) -> Sequence[Part]:
        """List the parts page by page."""
        found: list[Part] = []
        marker: str | None = None
        while True:
            with _translated(key):
                page = self._client._list_parts(  # noqa: SLF001
                    self._bucket, check_key(key), write_id, part_number_marker=marker
                )
            found += [Part(part.part_number, part.size or 0, part.etag.strip('"')) for part in page.parts]
            if not page.is_truncated or page.next_part_number_marker is None:
                return found
            marker = str(page.next_part_number_marker)

    def join(self, key: str, write_id: str, parts: Sequence[Part]) -> ObjectInfo:
        """Complete the multipart upload."""
        wanted = [S3Part(part.number, part.etag) for part in parts]
        try:
            with _translated(key):
                self._client._complete_multipart_upload(self._bucket, check_key(key), write_id, wanted)  # noqa: SLF001
        except StorageError as error:
            if isinstance(error.__cause__, S3Error) and error.__cause__.code == "InvalidPart":
                raise PartsChanged(f"{key}: {error.__cause__.message}") from error
            raise
        return self.stat(key)

    def _abort_uploads(self, prefix: str) -> None:
        # AWS filters by prefix; MinIO knows whole keys only, but lists everything when no prefix is given.
        for asked in (prefix, ""):
            found = self._client._list_multipart_uploads(self._bucket, prefix=asked)  # noqa: SLF001 (no public method)
            for upload in found.uploads:
                if upload.object_name.startswith(prefix) and upload.upload_id:
                    self._client._abort_multipart_upload(  # noqa: SLF001
                        self._bucket, upload.object_name, upload.upload_id
                    )


class S3CopyTarget:
    """Copies objects of the store's bucket into another; each is marked with what it is a copy of."""

    def __init__(self, client: Minio, store_bucket: str, bucket: str) -> None:
        self._client, self._store_bucket, self.bucket = client, store_bucket, bucket

    def check(self) -> None:
        """Look for the bucket."""
        with _translated(self.bucket):
            if not self._client.bucket_exists(self.bucket):
                raise StorageError(f"there is no bucket '{self.bucket}'")

    def copy(self, source: str, key: str, media_type: str) -> bool:
        """Compare the mark of what lies there, and copy on condition that the source stays as it was."""
        with _translated(source):
            found = self._client.stat_object(self._store_bucket, check_key(source))
        etag = (found.etag or "").strip('"')
        mark = f"{etag} {found.size} {hashlib.sha256(source.encode()).hexdigest()[:16]}"
        try:
            with _translated(key):
                there = self._client.stat_object(self.bucket, check_key(key))
        except ObjectNotFound:
            pass
        else:
            marked = (there.metadata or {}).get(f"x-amz-meta-{_MARK}")
            if marked is None:
                raise KeyTaken(f"{self.bucket}/{key} was not put there by LocalClip")
            if marked == mark and there.size == found.size:
                return False
        about: dict[str, str | list[str] | tuple[str]] = {_MARK: mark, "Content-Type": media_type}
        origin = CopySource(self._store_bucket, source, match_etag=found.etag)
        with _translated(key):
            self._client.copy_object(self.bucket, key, origin, metadata=about, metadata_directive=REPLACE)
        return True


class _Multipart:
    """A `Writer` that sends a part whenever one is full."""

    def __init__(self, client: Minio, bucket: str, key: str, stat: Callable[[str], ObjectInfo]) -> None:
        self._client, self._bucket, self._key, self._stat = client, bucket, key, stat
        self._waiting = bytearray()
        self._upload_id: str | None = None
        self._sent: list[S3Part] = []

    def write(self, data: bytes) -> None:
        """Add to the part that is being filled, and send what is full."""
        self._waiting += data
        while len(self._waiting) >= PUSHED_BYTES:
            self._send(PUSHED_BYTES)

    def finish(self) -> ObjectInfo:
        """Send the rest and complete the upload."""
        with _translated(self._key):
            if self._upload_id is None:
                self._client._put_object(self._bucket, self._key, bytes(self._waiting), _headers())  # noqa: SLF001
            else:
                if self._waiting:
                    self._send(len(self._waiting))
                self._client._complete_multipart_upload(  # noqa: SLF001
                    self._bucket, self._key, self._upload_id, self._sent
                )
        self._upload_id = None
        self._waiting.clear()
        return self._stat(self._key)

    def abort(self) -> None:
        """Abort the multipart upload; one that is over already is no error."""
        self._waiting.clear()
        upload_id, self._upload_id = self._upload_id, None
        if upload_id is not None:
            with contextlib.suppress(ObjectNotFound), _translated(self._key):
                self._client._abort_multipart_upload(self._bucket, self._key, upload_id)  # noqa: SLF001

    def _send(self, size: int) -> None:
        with _translated(self._key):
            if self._upload_id is None:
                self._upload_id = self._client._create_multipart_upload(  # noqa: SLF001
                    self._bucket, self._key, _headers()
                )
            number = len(self._sent) + 1
            tag = self._client._upload_part(  # noqa: SLF001
                self._bucket, self._key, bytes(self._waiting[:size]), None, self._upload_id, number
            )
        self._sent.append(S3Part(number, tag.strip('"')))
        del self._waiting[:size]


def _headers() -> dict[str, str | list[str] | tuple[str]]:
    return {"Content-Type": "application/octet-stream"}


@contextlib.contextmanager
def _spool(key: str) -> Iterator[tuple[Path, BinaryIO]]:
    """A file of the temporary folder that goes with the process."""
    with disk_full(key), tempfile.TemporaryFile() as file:
        yield Path(), cast(BinaryIO, file)


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
        if isinstance(error, MinioException | urllib3.exceptions.HTTPError):
            raise StorageError(f"{self._key}: {error}") from error
