"""The rule of `make check` that keeps blocking work off the gateway's event loop."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_loop.py"


def _said(folder: Path, text: str) -> str:
    (folder / "routes.py").write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.returncode == (1 if done.stdout else 0)
    return done.stdout


@pytest.mark.parametrize(
    "body",
    [
        "with parts.database.write() as session: pass",
        "self._database.read()",
        "parts.store.stat('a')",
        "time.sleep(1)",
        "open('a')",
        "read_subtitles(data)",
        "path.write_bytes(data)",
        "indirect()",
    ],
)
def test_what_blocks_is_found_in_asynchronous_functions_only(tmp_path: Path, body: str) -> None:
    """By itself, or through plain functions of the package; in a plain function it runs in a thread."""
    through = "def direct():\n    parts.database.read()\ndef indirect():\n    direct()\n"
    assert "routes.py:6: route runs on the event loop" in _said(tmp_path, f"{through}async def route():\n    {body}\n")
    assert _said(tmp_path, f"{through}def route():\n    {body}\n") == ""


def test_what_is_given_to_a_thread_is_fine(tmp_path: Path) -> None:
    """Functions that are named, not called, and those that are only defined."""
    text = (
        "def work():\n    parts.database.read()\n"
        "async def route():\n    def inner():\n        parts.store.stat('a')\n"
        "    await asyncio.to_thread(inner)\n    await asyncio.to_thread(work)\n"
        "    await asyncio.to_thread(lambda: open('a'))\n"
    )
    assert _said(tmp_path, text) == ""


def test_the_gateway_keeps_to_it() -> None:
    """Nothing of it blocks the loop."""
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("", 0)
