"""A version that stands in several files is the same in all of them."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]


def found(file: str, pattern: str) -> list[str]:
    """Every match of `pattern` in a file of the repository; there must be one."""
    matches = re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"))
    assert matches, f"{file} has no {pattern}"
    return matches


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("scripts/make-venv.sh", r"\nbelow=(\d+)"),
        ("localclip/doctor.py", r"< \(3, (\d+)\)"),
        ("start.bat", r"PYTHONS=>=3\.11,<3\.(\d+)"),
    ],
)
def test_whoever_looks_for_a_python_takes_those_of_the_project(file, pattern):
    """And no other: a newer one may have packages without a wheel."""
    below = re.search(r"<3\.(\d+)$", PYTHONS)[1]
    assert {below} == set(found(file, pattern))


def test_a_named_python_that_does_not_fit_is_refused(tmp_path):
    """Before anything is made or fetched."""
    python = tmp_path / "python3.10"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts" / "make-venv.sh", tmp_path / "venv"],
        env={**os.environ, "PYTHON": str(python)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{python} does not run LocalClip: Python 3.11 to 3.13 does\n"
    assert not (tmp_path / "venv").exists()


def test_the_client_has_the_version_of_the_project():
    """And the command line asks for that one."""
    versions = [
        *found("pyproject.toml", r'\nversion = "([^"]+)"'),
        *found("clients/python/pyproject.toml", r'\nversion = "([^"]+)"'),
        *found("pyproject.toml", r'"localclip-client==([^"]+)"'),
    ]
    assert len(set(versions)) == 1


def test_uv_is_the_same_everywhere():
    """What made the lock files reads them."""
    versions = [
        *found("scripts/uv.sh", r"UV_VERSION=(\S+)"),
        *found("start.bat", r'"UV_VERSION=([^"]+)"'),
        *found("deploy/Dockerfile", r"uv==(\S+)"),
    ]
    assert len(set(versions)) == 1
