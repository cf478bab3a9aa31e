"""Services that share one GPU take turns, batch by batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from shared.pipeline import CancelToken

_POLL_S = 0.01
_CHECK_S = 0.5


class GpuLease:
    """The right to compute on one device of this host; a process that dies releases it.

    Two locks make it fair: the one who waits holds the door, and the one who has just left must pass it again, so that
    two services alternate however busy one is. Without a folder there is nobody to take turns with.
    """

    def __init__(self, folder: Path | None, device: str) -> None:
        self._door: FileLock | None = None
        self._seat: FileLock | None = None
        if folder is not None and device != "cpu":
            folder.mkdir(parents=True, exist_ok=True)
            name = device.replace(":", "-")
            # not thread-local: an engine may hold the lease in one thread and stop in another
            self._door = FileLock(folder / f"{name}.door", thread_local=False)
            self._seat = FileLock(folder / f"{name}.seat", thread_local=False)

    @contextmanager
    def hold(self, cancel: CancelToken | None = None) -> Iterator[None]:
        """Wait for the turn and hold it during the block.

        Raises:
            Canceled: `cancel` was set while waiting.
        """
        if self._door is None or self._seat is None:
            yield
            return
        _acquire(self._door, cancel)
        try:
            _acquire(self._seat, cancel)
        finally:
            self._door.release()
        try:
            yield
        finally:
            self._seat.release()


def _acquire(lock: FileLock, cancel: CancelToken | None) -> None:
    while True:
        if cancel is not None:
            cancel.check()
        try:
            lock.acquire(timeout=_CHECK_S, poll_interval=_POLL_S)
        except Timeout:
            continue
        return
