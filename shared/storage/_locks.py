"""Tell a file somebody is writing from one whose writer died: the system drops a dead process's locks."""

import contextlib
import sys
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":

    def hold(file: BinaryIO) -> None:
        """Nothing to do: an open file cannot be removed there."""

    def is_free(path: Path) -> bool:
        """Whether nobody holds the file; removing one that is open fails."""
        return True

else:
    import fcntl

    def hold(file: BinaryIO) -> None:
        """Mark an open file as being written until it is closed."""
        with contextlib.suppress(OSError):  # some network file systems have no locks; there, nothing is cleaned up
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def is_free(path: Path) -> bool:
        """Whether nobody holds the file; process numbers would not tell, containers have numbers of their own."""
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return True
