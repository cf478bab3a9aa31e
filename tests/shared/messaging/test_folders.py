"""Temporary folders of jobs."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


def test_the_next_job_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    """Its process was started again while the folder was too young to be judged."""
    left = tmp_path / "job-1-1-aa"
    left.mkdir()
    assert remove_abandoned_folders(tmp_path) == 0
    long_ago = time.time() - 60
    os.utime(left, (long_ago, long_ago))
    with working_folder(tmp_path):
        assert not left.exists()


HOLDS = """
import sys
from pathlib import Path
from shared.messaging._context import working_folder
with working_folder(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    input()
"""


def test_only_abandoned_folders_are_removed(tmp_path: Path) -> None:
    """Folders of living processes and foreign files stay, whatever their numbers: containers that share the root have
    numbers of their own."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout
        assert living.stdin
        held = Path(living.stdout.readline().strip()).parent
        elsewhere = held.rename(tmp_path / "job-4194304-1-aa")  # the number of nobody here
        kept, gone = [elsewhere, tmp_path / "other"], [tmp_path / f"job-{os.getpid()}-1-aa", tmp_path / "job-1-1-aa"]
        for folder in (kept[1], *gone):
            folder.mkdir()
        long_ago = time.time() - 60
        for folder in (*kept, *gone):
            os.utime(folder, (long_ago, long_ago))
        fresh = tmp_path / "job-1-1-bb"  # its owner is about to lock it
        fresh.mkdir()
        assert remove_abandoned_folders(tmp_path) == 2
        assert sorted(tmp_path.iterdir()) == sorted([*kept, fresh])
        living.kill()
    os.utime(elsewhere, (long_ago, long_ago))
    assert remove_abandoned_folders(tmp_path) == 1
