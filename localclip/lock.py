"""One runner per data folder: a lock that ends with the process that holds it."""

import os
from pathlib import Path

from filelock import FileLock, Timeout

from localclip.errors import StackError


class DataLock:
    """An exclusive hold on a data folder; a file beside the lock names the process that has it."""

    def __init__(self, data: Path) -> None:
        """Take it. Raises: StackError, while another runner works on `data`."""
        self._lock, owner = FileLock(data / "localclip.lock"), data / "localclip.pid"
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            known = owner.read_text(encoding="utf-8") if owner.exists() else "unknown"
            raise StackError(
                f"another `localclip up` (process {known}) is working on {data}; "
                "stop it, or choose another folder with --data"
            ) from None
        owner.write_text(str(os.getpid()), encoding="utf-8")

    def release(self) -> None:
        """Release it."""
        self._lock.release()
