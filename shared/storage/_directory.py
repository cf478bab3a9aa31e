"""Objects as files below one directory: the embedded default."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from shared.storage._port import ObjectInfo, ObjectNotFound, StorageError, check_key, check_prefix

_CHUNK = 1024 * 1024


class _Span:
    """At most `left` bytes of an open file."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self._left = file, left

    def read(self, size: int = -1) -> bytes:
        want = self._left if size < 0 else min(size, self._left)
        data = self._file.read(want)
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "_Span":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DirectoryStore:
    """Object store below `root`; unfinished writes lie in `root/.incoming` and are renamed into place."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._incoming = self._root / ".incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    def put(self, key: str, source: BinaryIO, size: int | None = None) -> ObjectInfo:
        """Write to a temporary file, sync it and rename it over `key`."""
        target = self._path(key)
        with self._temporary() as temporary:
            with temporary.open("wb") as sink:
                shutil.copyfileobj(source, sink, _CHUNK)
                written = sink.tell()
                sink.flush()
                os.fsync(sink.fileno())
            if size is not None and written != size:
                raise StorageError(f"{key}: expected {size} bytes, got {written}")
            self._place(temporary, target)
        return self.stat(key)

    def create(self, key: str, data: bytes) -> bool:
        """Hard-link a finished temporary file to `key`, which fails if the key is taken."""
        target = self._path(key)
        with self._temporary() as temporary:
            with temporary.open("wb") as sink:
                sink.write(data)
                sink.flush()
                os.fsync(sink.fileno())
            try:
                self._with_parent(target, lambda: os.link(temporary, target))
            except FileExistsError:
                return False
        return True

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open the file and seek."""
        try:
            file = self._path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError):
            raise ObjectNotFound(key) from None
        file.seek(start)
        return file if length is None else cast(BinaryIO, _Span(file, length))

    def local(self, key: str, folder: Path) -> Path:
        """The file of the object itself."""
        path = self._path(key)
        if not path.is_file():
            raise ObjectNotFound(key)
        return path

    def stat(self, key: str) -> ObjectInfo:
        """Describe the file; the etag is made of inode, size and modification time."""
        return self._info(self._path(key), key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Walk the folder in key order."""
        folder = self._root / check_prefix(prefix)
        paths = (path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else ()
        for key, path in sorted((path.relative_to(self._root).as_posix(), path) for path in paths):
            with contextlib.suppress(ObjectNotFound):  # removed while listing
                yield self._info(path, key)

    def delete(self, prefix: str) -> int:
        """Remove the folder and parents that became empty."""
        folder = self._root / check_prefix(prefix)
        count = sum(1 for _ in self.list(prefix))
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():  # a writer was at work inside; what it added goes in a second pass
            shutil.rmtree(folder)
        parent = folder.parent
        while parent != self._root:
            try:
                parent.rmdir()
            except OSError:
                break
            parent = parent.parent
        return count

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _info(self, path: Path, key: str) -> ObjectInfo:
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectNotFound(key) from None
        return ObjectInfo(key, status.st_size, f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}")

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[Path]:
        descriptor, name = tempfile.mkstemp(dir=self._incoming, prefix=f"{os.getpid()}-")
        os.close(descriptor)
        path = Path(name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _place(self, temporary: Path, target: Path) -> None:
        self._with_parent(target, lambda: os.replace(temporary, target))

    @staticmethod
    def _with_parent(target: Path, act: Callable[[], None]) -> None:
        for _ in range(20):  # `delete` of a neighbour may remove the empty parent between the two steps
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                return act()
            except FileNotFoundError:
                continue
        raise StorageError(f"cannot create {target.parent}")
