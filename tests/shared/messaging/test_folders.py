"""Temporary folders of jobs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from shared.messaging._context import remove_abandoned_folders, working_folder


def test_folder_is_empty_and_removed(tmp_path: Path) -> None:
    """Each job has a folder of its own, gone afterwards, after an error too."""

    def fail_in_the_middle() -> None:
        with working_folder(tmp_path) as one, working_folder(tmp_path) as two:
            assert one != two
            assert list(one.iterdir()) == []
            (one / "sub").mkdir()
            raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        fail_in_the_middle()
    assert list(tmp_path.iterdir()) == []


HOLDS = """
import sys
from pathlib import Path
from shared.messaging._context import working_folder
with working_folder(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    input()
"""


def test_only_abandoned_folders_are_removed(tmp_path: Path) -> None:
    """Folders of living processes and foreign files stay, whatever their numbers and age: containers that share the
    root have numbers of their own, and a successor may start in the moment that its predecessor dies."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout
        assert living.stdin
        held = Path(living.stdout.readline().strip())
        other, abandoned = tmp_path / "other", [tmp_path / f"job-{os.getpid()}-1-aa", tmp_path / "job-1-1-aa"]
        for folder in (other, *abandoned):
            folder.mkdir()
        assert remove_abandoned_folders(tmp_path) == 2
        assert sorted(tmp_path.glob("[!.]*")) == sorted([held, other])
        living.kill()
    assert remove_abandoned_folders(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [other]


def test_a_lock_without_a_folder_is_removed_unless_it_is_held(tmp_path: Path) -> None:
    """A process was killed just before it made its folder, or just after it had removed it; another is about to."""
    alone, held = tmp_path / ".job-1-1-aa.lock", tmp_path / ".job-1-2-bb.lock"
    alone.touch()
    with FileLock(held):
        assert remove_abandoned_folders(tmp_path) == 0
        assert list(tmp_path.iterdir()) == [held]
    assert remove_abandoned_folders(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
