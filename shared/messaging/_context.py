"""What a stage's use case gets besides its job: a store, a folder, a way to be stopped, a way to report."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from shared.pipeline import CancelToken
from shared.storage import ObjectInfo, ObjectStore

_ALIVE = "alive.lock"
_LOCKING_S = 10.0
"""A folder younger than this may belong to somebody who is about to take its lock."""


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
    """An empty temporary folder, removed on the way out. A lock beside it tells others that its process lives."""
    remove_abandoned_folders(root)  # of one that died at once, which was too young when its successor started
    folder = root / f"job-{os.getpid()}-{threading.get_ident()}-{os.urandom(4).hex()}"
    files = folder / "files"
    files.mkdir(parents=True)
    try:
        with FileLock(folder / _ALIVE):
            yield files
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned_folders(root: Path) -> int:
    """Remove the folders of processes that died without cleaning up; return how many.

    `root` may be shared with other containers, which have process numbers of their own: only the lock tells.
    """
    removed = 0
    for folder in root.glob("job-*-*-*"):
        if not _is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _is_held(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < _LOCKING_S:
            return True
        with FileLock(folder / _ALIVE, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # gone in the meantime, or somebody else's
        return True
