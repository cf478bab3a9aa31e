"""What a stage's use case gets besides its job: a store, a folder, a way to be canceled, a way to report."""

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from shared.pipeline import CancelToken
from shared.storage import ObjectInfo, ObjectStore


class ProgressBox:
    """The latest progress of a job, written by the working thread and read by the event loop."""

    def __init__(self) -> None:
        self.fraction, self.message = 0.0, ""

    def __call__(self, fraction: float, message: str = "") -> None:
        """Report `fraction` (0 to 1) of the job as done."""
        self.fraction = max(self.fraction, min(1.0, fraction))
        self.message = message or self.message


class GuardedStore:
    """The object store of one job: refuses to write once the job was canceled, so nothing is left behind."""

    def __init__(self, store: ObjectStore, cancel: CancelToken) -> None:
        self._store, self._cancel = store, cancel

    def put(self, key: str, source: BinaryIO, size: int | None = None) -> ObjectInfo:
        """See `ObjectStore.put`. Raises: Canceled."""
        self._cancel.check()
        return self._store.put(key, source, size)

    def create(self, key: str, data: bytes) -> bool:
        """See `ObjectStore.create`. Raises: Canceled."""
        self._cancel.check()
        return self._store.create(key, data)

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """See `ObjectStore.open`."""
        return self._store.open(key, start, length)

    def local(self, key: str, folder: Path) -> Path:
        """See `ObjectStore.local`."""
        return self._store.local(key, folder)

    def stat(self, key: str) -> ObjectInfo:
        """See `ObjectStore.stat`."""
        return self._store.stat(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        return self._store.list(prefix)

    def delete(self, prefix: str) -> int:
        """See `ObjectStore.delete`. Raises: Canceled."""
        self._cancel.check()
        return self._store.delete(prefix)


@dataclass(frozen=True)
class JobContext:
    """The surroundings of one job. `workdir` is empty at the start and removed after it."""

    store: ObjectStore
    workdir: Path
    cancel: CancelToken = field(default_factory=CancelToken)
    progress: ProgressBox = field(default_factory=ProgressBox)


@contextmanager
def working_folder(root: Path) -> Iterator[Path]:
    """An empty temporary folder, removed at the end. A lock beside it, created first, shows that its owner is alive."""
    folder = root / f"job-{os.getpid()}-{threading.get_ident()}-{os.urandom(4).hex()}"
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(_lock_of(folder)):
            folder.mkdir()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        _lock_of(folder).unlink(missing_ok=True)


def remove_abandoned_folders(root: Path) -> int:
    """Remove the folders of processes that died without cleaning up; return how many.

    `root` may be shared with other containers, which have their own process numbers: only the lock is reliable. A
    process that died before creating its folder, or after removing it, has left just a lock.
    """
    removed = sum(map(_is_removed, list(root.glob("job-*-*-*"))))
    for lock in list(root.glob(".job-*-*-*.lock")):
        _is_removed(root / lock.name.removeprefix(".").removesuffix(".lock"))
    return removed


def _is_removed(folder: Path) -> bool:
    lock = _lock_of(folder)
    try:
        with FileLock(lock, timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(PermissionError):  # Windows does not remove open files
                lock.unlink(missing_ok=True)  # while it is held: a process that opened it meanwhile takes a new one
    except OSError:  # its process is alive (a timeout), or it is somebody else's
        return False
    if sys.platform == "win32":
        lock.unlink(missing_ok=True)
    return True


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")
