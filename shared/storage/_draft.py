"""A file that is written piece by piece and becomes something at its end."""

import contextlib
import errno
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from shared.storage._port import StorageError, StoreFull

T = TypeVar("T")


class Draft(Generic[T]):
    """A `Writer` to a temporary file, of which `keep` makes what it is for; with `size`, of exactly that many bytes."""

    def __init__(
        self,
        key: str,
        temporary: AbstractContextManager[tuple[Path, BinaryIO]],
        keep: Callable[[Path, BinaryIO], T],
        size: int | None = None,
    ) -> None:
        self._key, self._keep, self._size = key, keep, size
        self._written = 0
        self._stack = contextlib.ExitStack()
        self._path, self._sink = self._stack.enter_context(temporary)

    def write(self, data: bytes) -> None:
        """Append."""
        self._written += len(data)
        if self._size is not None and self._written > self._size:
            raise StorageError(f"{self._key}: more than {self._size} bytes were sent")
        with disk_full(self._key):
            self._sink.write(data)

    def finish(self) -> T:
        """Close the file once it is kept."""
        with self._stack:
            if self._size is not None and self._written != self._size:
                raise StorageError(f"{self._key}: expected {self._size} bytes, got {self._written}")
            return self._keep(self._path, self._sink)

    def abort(self) -> None:
        """Close and remove the file."""
        with contextlib.suppress(OSError, StorageError):  # closing writes what is left, which a full disk does not take
            self._stack.close()


@contextlib.contextmanager
def disk_full(key: str) -> Iterator[None]:
    """Raises: StoreFull, where the system says so."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(f"{key}: the disk is full") from error
        raise
