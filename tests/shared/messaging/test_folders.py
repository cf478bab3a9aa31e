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


def test_only_abandoned_folders_are_removed(tmp_path: Path) -> None:
    """Folders of living processes and foreign files stay; those of the dead and of reused numbers go."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as living:
        kept = [tmp_path / f"job-{living.pid}-1-aa", tmp_path / "job-x-1-aa", tmp_path / "other"]
        gone = [
            tmp_path / "job-4194304-1-aa",
            tmp_path / f"job-{living.pid}-1-bb",
            tmp_path / f"job-{os.getpid()}-1-aa",
        ]
        for folder in (*kept, *gone):
            folder.mkdir()
        long_ago = time.time() - 3600  # before the process that has this number now was started
        os.utime(gone[1], (long_ago, long_ago))
        assert remove_abandoned_folders(tmp_path) == 3
        assert sorted(tmp_path.iterdir()) == sorted(kept)
        assert living.stdin
        living.stdin.close()
