"""scripts/make-venv.sh where no Python of the system fits: uv fetches one, or the ways out are said."""

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "make-venv.sh"


def make_venv(root: Path, uv: str) -> subprocess.CompletedProcess[str]:
    """Run it with a uv that is the shell script `uv`, and notes what it was asked for."""
    (root / "scripts").mkdir()
    (root / "scripts" / SCRIPT.name).write_bytes(SCRIPT.read_bytes())
    stand_in = root / "scripts" / "uv.sh"
    stand_in.write_text(f'#!/bin/bash\necho "$*" >>{root}/asked\n{uv}\n')
    stand_in.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON"}
    return subprocess.run(
        ["bash", str(root / "scripts" / SCRIPT.name)], env=environment, capture_output=True, text=True, timeout=60
    )


def asked(root: Path) -> list[str]:
    return (root / "asked").read_text().splitlines()


def test_a_system_without_a_fitting_python_gets_one(tmp_path: Path) -> None:
    """Ubuntu 22.04 has 3.10, 26.04 has 3.14."""
    done = make_venv(tmp_path, 'case "$*" in *--system*) exit 2 ;; *--managed-python*) command -v python3 ;; esac')
    assert done.returncode == 0, done.stderr
    assert "fetching 3.11 ..." in done.stdout
    calls = asked(tmp_path)
    assert "python install -q --no-bin 3.11" in calls
    made = next(call for call in calls if call.startswith("venv "))
    assert calls.index("python install -q --no-bin 3.11") < calls.index(made)
    assert any("-r requirements.lock" in call for call in calls)


def test_a_python_that_cannot_be_fetched_is_said_with_the_ways_out(tmp_path: Path) -> None:
    """By a package where there is one."""
    done = make_venv(tmp_path, 'case "$*" in *--system* | *install*) exit 2 ;; esac')
    assert done.returncode == 1
    assert "No Python fits" in done.stderr
    assert "UV_PYTHON_INSTALL_MIRROR" in done.stderr
    assert not any(call.startswith("venv ") for call in asked(tmp_path))
