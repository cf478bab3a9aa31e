"""The object store port and what is built on it alone.

StorageError          the store did not answer or refused
├── ObjectNotFound    no object has this key
├── PartsChanged      a part was written again while the parts were joined
├── KeyTaken          something else lies under the key that was to be written
└── InvalidKey        the key could leave the store or name two objects
"""

import io
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

PART_BYTES = 16 * 1024 * 1024
"""Bytes held at once while an object of unknown size is written (S3 multipart part)."""

PUSHED_BYTES = 5 * 1024 * 1024
"""The same for a `Writer`, of which there is one for each upload: the smallest part S3 takes, so 48 GiB at most."""

T_co = TypeVar("T_co", covariant=True)

KEY_BYTES = 900
SEGMENT_BYTES = 240
"""Of a key and of each of its parts, in UTF-8: S3 takes 1024 for a key, file systems 255 for a name."""

_SEGMENT = re.compile(r"[^/\x00-\x1f\x7f\\\ud800-\udfff]+")


class StorageError(Exception):
    """The store could not do what was asked."""


class ObjectNotFound(StorageError):  # noqa: N818 (says what is the matter)
    """No object has this key."""


class StoreFull(StorageError):  # noqa: N818 (says what is the matter)
    """There is no room for more."""


class PartsChanged(StorageError):  # noqa: N818 (says what is the matter)
    """The parts to join are not those that were listed."""


class KeyTaken(StorageError):  # noqa: N818 (says what is the matter)
    """What lies under the key was not put there by LocalClip."""


class InvalidKey(StorageError):  # noqa: N818 (says what is the matter)
    """The key is empty, absolute, too long or could climb out of the store."""


@dataclass(frozen=True)
class ObjectInfo:
    """What is known of an object without reading it; `etag` changes whenever the content does."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True)
class Part:
    """A stored piece of an object that is still being written; numbers begin at 1."""

    number: int
    size: int
    etag: str


class Writer(Protocol[T_co]):
    """One write whose bytes are handed over as they come, so that nobody waits in the store for who sends them.

    Nothing is seen before `finish`; of a write whose process dies, `delete` of a prefix above it removes what is left.
    The calls of one writer come one after the other, from any thread. After an error only `abort` may be called.
    """

    def write(self, data: bytes) -> None:
        """Add bytes."""
        ...

    def finish(self) -> T_co:
        """Keep what was written, and tell of it. Raises: StorageError, when it was deleted meanwhile."""
        ...

    def abort(self) -> None:
        """Leave nothing of it. Does nothing once it has ended."""
        ...


class PartialWrites(Protocol):
    """An object written in numbered parts, over hours and several connections; it exists once they are joined.

    Every part but the last has at least 5 MiB (S3). `delete` of a prefix ends the writes below it.
    """

    @property
    def upload_origin(self) -> str | None:
        """Where `part_url` leads, as scheme://host:port; None: nowhere."""
        ...

    def read_url(self, key: str, expires: timedelta, name: str, media_type: str) -> str | None:
        """An address that gives the object by GET without a key, to be saved as `name`; None where there is none."""
        ...

    def begin(self, key: str) -> str:
        """Open a write and return its id."""
        ...

    def part_url(self, key: str, write_id: str, number: int, expires: timedelta) -> str | None:
        """An address that takes the part by PUT without a key; None where the bytes must come through `open_part`."""
        ...

    def open_part(self, key: str, write_id: str, number: int, size: int) -> Writer[Part]:
        """Write a part of `size` bytes, which replaces one of the same number. Raises: ObjectNotFound, when the write
        is over (here, or from `finish`). `write` and `finish` raise StorageError for another size."""
        ...

    def parts(self, key: str, write_id: str) -> Sequence[Part]:
        """What has arrived, by number. Raises: ObjectNotFound, when the write is over."""
        ...

    def join(self, key: str, write_id: str, parts: Sequence[Part]) -> ObjectInfo:
        """Make the object of these parts, in this order, and end the write; two at once make the same.

        Raises: ObjectNotFound, as above; PartsChanged.
        """
        ...


class ObjectStore(Protocol):
    """Objects by key. Blocking: asynchronous callers use a thread.

    Every write is atomic: a reader sees the whole object, the one before it, or none.
    """

    def put(self, key: str, source: BinaryIO, size: int | None = None) -> ObjectInfo:
        """Store what `source` yields, a few times `PART_BYTES` in memory at most; an exception stores nothing.

        Raises: StorageError, when `source` does not hold exactly `size` bytes.
        """
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Store `data` only if `key` is free; return whether it was. Of several writers exactly one gets True."""
        ...

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open `length` bytes from `start` for streaming; the caller closes it. Beyond the end there are none.

        Raises: ObjectNotFound.
        """
        ...

    def local(self, key: str, folder: Path) -> Path:
        """A file with the object's content, for tools that need one: the object itself or a copy in `folder`.

        Only for reading. Raises: ObjectNotFound.
        """
        ...

    def stat(self, key: str) -> ObjectInfo:
        """Describe one object. Raises: ObjectNotFound."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield every object whose key begins with `prefix` (which ends with '/'; "": all there are), in key order."""
        ...

    def delete(self, prefix: str) -> int:
        """Remove every object whose key begins with `prefix`, unfinished writes included; return how many."""
        ...


class CopyTarget(Protocol):
    """A bucket of the store's own service into which objects are copied without passing through here. Blocking."""

    @property
    def bucket(self) -> str:
        """Its name."""
        ...

    def check(self) -> None:
        """Raises: StorageError, where the bucket is not there or the service is away."""
        ...

    def copy(self, source: str, key: str, media_type: str) -> bool:
        """Copy an object of the store to `key`, unless just that lies there already; whether anything was copied.

        Atomic, and safe to repeat. Raises: ObjectNotFound, where `source` is gone; KeyTaken, where something lies there
        that was not copied so.
        """
        ...


class UploadStore(ObjectStore, PartialWrites, Protocol):
    """What the gateway needs of a store; workers write whole objects only."""

    def prepare(self) -> None:
        """Make what the first object needs. Raises: StorageError, when the service is away or refuses."""
        ...

    def open_writer(self, key: str) -> Writer[ObjectInfo]:
        """Write an object whose bytes come over time; about `PUSHED_BYTES` are held in memory, twice while they go."""
        ...


def check_key(key: str) -> str:
    """Return `key` if it is a relative path of plain segments.

    Raises:
        InvalidKey: for anything else, before a path or request is built from it.
    """
    segments = key.split("/")
    plain = all(part not in ("", ".", "..") and _SEGMENT.fullmatch(part) for part in segments)
    if not plain or key.startswith("."):  # a leading dot is kept for what a store puts beside its objects
        raise InvalidKey(f"not a storage key: {key[:80]!r}")
    if len(key.encode()) > KEY_BYTES or any(len(part.encode()) > SEGMENT_BYTES for part in segments):
        raise InvalidKey(f"the storage key is too long: {key[:80]!r}")
    return key


def is_key(key: str) -> bool:
    """Whether `check_key` takes it."""
    try:
        check_key(key)
    except InvalidKey:
        return False
    return True


def check_prefix(prefix: str) -> str:
    """Return `prefix` if it names a folder (`a/b/`); a bare prefix could take more than was meant."""
    if not prefix.endswith("/"):
        raise InvalidKey(f"a prefix ends with '/': {prefix[:80]!r}")
    check_key(prefix[:-1])
    return prefix


def put_file(store: ObjectStore, key: str, path: Path) -> ObjectInfo:
    """Store the file at `path`."""
    with path.open("rb") as source:
        return store.put(key, source, path.stat().st_size)


def download(store: ObjectStore, key: str, path: Path) -> Path:
    """Copy an object to the file `path`, streaming."""
    with store.open(key) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target, 1024 * 1024)
    return path


def read_bytes(store: ObjectStore, key: str) -> bytes:
    """Read a small object whole."""
    with store.open(key) as source:
        return source.read()


def put_bytes(store: ObjectStore, key: str, data: bytes) -> ObjectInfo:
    """Store a small object, replacing what was there."""
    return store.put(key, io.BytesIO(data), len(data))
