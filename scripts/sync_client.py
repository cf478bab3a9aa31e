"""Make the synchronous client of the asynchronous one: scripts/sync_client.py [--check]

`clients/python/src/localclip_client/_async` is written by hand; `_sync` is the same without `async` and `await`.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import unasync

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "clients" / "python" / "src" / "localclip_client"
NAMES = {
    "_async": "_sync",
    "AsyncClient": "Client",
    "_AsyncFollower": "_Follower",
    "aclose": "close",
    "aclosing": "closing",
    "aread": "read",
    "aiter_raw": "iter_raw",
    "aiter_bytes": "iter_bytes",
    "async_call": "call",
    "async_in_spite_of_cancel": "in_spite_of_cancel",
    "async_sleep": "sleep",
}
HEAD = "# Made of `_async` by `make generate`: change it there.\n"


def make(folder: Path) -> None:
    """Write the synchronous modules into a folder."""
    sources = sorted((PACKAGE / "_async").glob("*.py"))
    rule = unasync.Rule(str(PACKAGE / "_async"), str(folder), NAMES)
    unasync.unasync_files([str(path) for path in sources], [rule])
    for path in folder.glob("*.py"):
        path.write_text(HEAD + path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "__init__.py").write_text(f'{HEAD}"""The synchronous client."""\n', encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([*ruff, "check", "-q", "--fix", "--select", "I", *config, str(folder)], check=True)
    subprocess.run([*ruff, "format", "-q", *config, str(folder)], check=True)


def contents(folder: Path) -> dict[str, str]:
    """The modules of a folder by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}


def main() -> None:
    """Write it, or say that it has to be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell whether it would change")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as made:
        make(Path(made))
        wanted = contents(Path(made))
    if contents(PACKAGE / "_sync") == wanted:
        return
    if check:
        sys.exit("clients/python: the synchronous client is not that of `_async`; run `make generate`")
    for old in (PACKAGE / "_sync").glob("*.py"):
        old.unlink()
    for name, text in wanted.items():
        (PACKAGE / "_sync" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
