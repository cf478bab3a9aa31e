"""One runner per data folder: a lock that ends with the process that holds it."""

import os
import sys
from pathlib import Path
from typing import IO

from localclip.errors import StackError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(1024)  # Windows refuses reading a locked byte, and the first ones hold the process id
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class DataLock:
    """An exclusive hold on a data folder."""

    def __init__(self, data: Path) -> None:
        """Take it. Raises: StackError, while another runner works on `data`."""
        path = data / "localclip.lock"
        self._file = path.open("a+", encoding="utf-8")
        try:
            _lock(self._file)
        except OSError:
            self._file.seek(0)
            owner = self._file.read(20).strip()
            self._file.close()
            raise StackError(
                f"another `localclip up` (process {owner or 'unknown'}) is working on {data}; "
                "stop it, or choose another folder with --data"
            ) from None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let go; the file stays, since removing it would race with the next runner."""
        self._file.close()
