"""Objects as files below one directory: the embedded default."""

import contextlib
import os
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from shared.storage._draft import Draft, disk_full
from shared.storage._locks import hold, is_free
from shared.storage._parts import PartFolders
from shared.storage._port import ObjectInfo, ObjectNotFound, StorageError, check_key, check_prefix

_CHUNK = 1024 * 1024
_ATTEMPTS = 20
_ABANDONED_S = 5.0
"""Younger files may belong to a writer that has not locked its file yet."""

T = TypeVar("T")


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
    """Object store below `root`; unfinished writes lie under their key in `root/.incoming` until renamed into place."""

    upload_origin = None

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._incoming = self._root / ".incoming"
        self.prepare()
        self._parts = PartFolders(self._root / ".parts", self._temporary, self.put)
        self.begin, self.part_url, self.open_part = self._parts.begin, self._parts.part_url, self._parts.open_part
        self.parts, self.join, self.read_url = self._parts.parts, self._parts.join, self._parts.read_url
        self._parts.remove_over()
        self._remove_abandoned()
        if next(_files(self._incoming), None):  # too young to judge: perhaps of the process this one replaces
            later = threading.Timer(_ABANDONED_S + 1, self._remove_abandoned)
            later.daemon = True
            later.start()

    def prepare(self) -> None:
        """Make the folder."""
        self._incoming.mkdir(parents=True, exist_ok=True)

    def put(self, key: str, source: BinaryIO, size: int | None = None) -> ObjectInfo:
        """Copy into a temporary file, which then becomes `key`."""
        draft = self.open_writer(key, size)
        try:
            while chunk := source.read(_CHUNK):
                draft.write(chunk)
            return draft.finish()
        finally:
            draft.abort()

    def open_writer(self, key: str, size: int | None = None) -> Draft[ObjectInfo]:
        """Write to a temporary file, which `finish` syncs and renames over `key`."""
        target = self._path(key)

        def keep(temporary: Path, sink: BinaryIO) -> ObjectInfo:
            _sync(sink)
            self._place(target, temporary, lambda: os.replace(temporary, target))
            return self.stat(key)

        return Draft(key, self._temporary(key), keep, size)

    def create(self, key: str, data: bytes) -> bool:
        """Hard-link a finished temporary file to `key`, which fails if the key is taken."""
        target = self._path(key)
        with self._temporary(key) as (temporary, sink):
            sink.write(data)
            _sync(sink)
            try:
                self._place(target, temporary, lambda: os.link(temporary, target))
            except FileExistsError:
                return False
        return True

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open the file and seek."""
        try:
            file = self._path(key).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
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
        folder = self._root / (prefix and check_prefix(prefix))
        for key, path in sorted((path.relative_to(self._root).as_posix(), path) for path in _files(folder)):
            if key.startswith("."):  # of writes that are not done
                continue
            with contextlib.suppress(ObjectNotFound):  # removed while listing
                yield self._info(path, key)

    def delete(self, prefix: str) -> int:
        """Remove the folder, what is being written into it, and parents that became empty."""
        folder = self._root / check_prefix(prefix)
        shutil.rmtree(self._incoming / prefix, ignore_errors=True)  # its writers find their file gone and fail
        self._parts.end_below(prefix)
        count = sum(1 for _ in self.list(prefix))
        for _ in range(_ATTEMPTS):  # a writer may be at work inside; what it adds goes in the next pass
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
        else:
            raise StorageError(f"cannot remove {prefix}")
        self._remove_empty(folder.parent, self._root)
        return count

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _info(self, path: Path, key: str) -> ObjectInfo:
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectNotFound(key) from None
        if not stat.S_ISREG(status.st_mode):
            raise ObjectNotFound(key)
        return ObjectInfo(key, status.st_size, f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}")

    @contextlib.contextmanager
    def _temporary(self, key: str) -> Iterator[tuple[Path, BinaryIO]]:
        path = (self._incoming / key).parent / f"{os.getpid()}-{secrets.token_hex(8)}"
        sink = cast(BinaryIO, self._with_parent(path, lambda: path.open("xb")))
        try:
            with disk_full(key), sink:
                hold(sink)
                yield path, sink
        finally:
            path.unlink(missing_ok=True)  # its folder stays: other writers are about to use it

    def _place(self, target: Path, temporary: Path, act: Callable[[], object]) -> None:
        try:
            self._with_parent(target, act, temporary.exists)
        except OSError as error:
            if target.is_dir():
                raise StorageError(f"{target.name} is a folder of other objects") from error
            raise

    @staticmethod
    def _with_parent(target: Path, act: Callable[[], T], possible: Callable[[], bool] = lambda: True) -> T:
        for _ in range(_ATTEMPTS):  # `delete` of a neighbour may remove the empty parent between the two steps
            try:
                _make_folder(target.parent)
                return act()
            except FileNotFoundError:
                if not possible():
                    raise StorageError(f"{target.name} was deleted while it was written") from None
        raise StorageError(f"cannot create {target.parent}")

    @staticmethod
    def _remove_empty(folder: Path, top: Path) -> None:
        while folder != top and top in folder.parents:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass  # a neighbour was faster; its parents may still be ours to remove
            except OSError:
                return
            folder = folder.parent

    def _remove_abandoned(self) -> None:
        """Remove unfinished writes of processes that died."""
        for path in list(_files(self._incoming)):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED_S and is_free(path):
                    path.unlink()
                    self._remove_empty(path.parent, self._incoming)


def _make_folder(folder: Path) -> None:
    """Raises: StorageError, when an object is in the way; FileNotFoundError, when the folder was just removed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        if any(path.is_file() for path in (folder, *folder.parents)):
            raise StorageError(f"{folder.name} is an object, not a folder") from error
        raise FileNotFoundError(folder) from error  # `mkdir` looks twice, and it was removed in between


def _files(folder: Path) -> Iterator[Path]:
    """Every file below `folder`. `Path.rglob` would fail when a folder goes away under it, which happens here."""
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
