"""scripts/frontend.sh without a browser, or without Node.js: what is not tested is said, and nothing fails."""

import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "frontend.sh"
ORDINARY = ("bash", "dirname", "head", "mktemp", "rm", "sort", "touch", "tr")


def frontend(root: Path, action: str, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run an action where PATH holds what is ordinary and `programs`, each a shell script."""
    for folder in ("bin", "scripts", "frontend/node_modules"):
        (root / folder).mkdir(parents=True)
    (root / "scripts" / SCRIPT.name).write_bytes(SCRIPT.read_bytes())
    for name in ORDINARY:
        (root / "bin" / name).symlink_to(str(shutil.which(name)))
    for name, text in programs.items():
        (root / "bin" / name).write_text(f"#!/bin/bash\n{text}\n")
        (root / "bin" / name).chmod(0o755)
    command = ["bash", str(root / "scripts" / SCRIPT.name), action]
    return subprocess.run(command, env={"PATH": str(root / "bin")}, capture_output=True, text=True, timeout=60)


def test_without_a_browser_only_its_tests_are_skipped(tmp_path: Path) -> None:
    """With the reason, and the others decide."""
    done = frontend(tmp_path, "test", node='[ "$1" != --version ] || echo v22.0.0', npm="exit 0", npx='echo "npx $*"')
    assert done.returncode == 0, done.stderr
    assert "npx vitest run" in done.stdout
    assert "npx playwright" not in done.stdout
    assert "SKIPPED: browser tests (neither Chromium nor Google Chrome is installed" in done.stdout


def test_without_node_the_web_app_is_left_out(tmp_path: Path) -> None:
    """An older one counts as none."""
    done = frontend(tmp_path, "test", node="echo v18.19.1", npm="exit 1")
    assert (done.returncode, done.stdout) == (
        0,
        "SKIPPED: test of the web app (Node.js 20.19.0 or newer is not installed)\n",
    )
