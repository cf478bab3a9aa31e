"""Where the tools are."""

import os
import shutil
from pathlib import Path

_BESIDE_PATH = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "~/go/bin", "~/.local/bin")


def find_tool(name: str) -> str | None:
    """The program `name` on PATH or where installers put it: Debian's nats-server is in /usr/sbin, off users' PATH."""
    beside = os.pathsep.join(str(Path(folder).expanduser()) for folder in _BESIDE_PATH)
    return shutil.which(name) or shutil.which(name, path=beside)
