"""Where the tools are."""

import os
import shutil
from pathlib import Path

_OF_THE_CLONE = Path(__file__).parents[1] / ".tools" / "bin"  # where scripts/install-tools.sh puts what has no package
_BESIDE_PATH = (str(_OF_THE_CLONE), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "~/go/bin", "~/.local/bin")


def find_tool(name: str) -> str | None:
    """The program `name` on PATH or where installers put it: Debian's nats-server is in /usr/sbin, off users' PATH."""
    beside = os.pathsep.join(str(Path(folder).expanduser()) for folder in _BESIDE_PATH)
    return shutil.which(name) or shutil.which(name, path=beside)
