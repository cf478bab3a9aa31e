"""One runner per data folder, and nothing left of one that was killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from localclip.errors import StackError
from localclip.leftovers import end_leftovers, remember
from localclip.lock import DataLock


def test_a_second_runner_is_refused_with_the_first_ones_process(tmp_path: Path) -> None:
    """The message names who holds the folder and what to do."""
    lock = DataLock(tmp_path)
    with pytest.raises(StackError, match=rf"process {os.getpid()}.*--data"):
        DataLock(tmp_path)
    lock.release()
    DataLock(tmp_path).release()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    """A crash does not lock the folder for ever."""
    code = (
        "import os, pathlib, sys; from localclip.lock import DataLock;"
        "lock = DataLock(pathlib.Path(sys.argv[1])); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert (tmp_path / "localclip.pid").read_text() != ""
    DataLock(tmp_path).release()


def test_leftovers_are_ended_and_strangers_spared(tmp_path: Path) -> None:
    """A process id that was given to another process since is not touched."""
    code = "import time; time.sleep(60)"
    left, stranger = (subprocess.Popen([sys.executable, "-c", code]) for _ in range(2))
    try:
        remember(tmp_path, [left.pid])
        known = json.loads((tmp_path / "processes.json").read_text())
        started = psutil.Process(stranger.pid).create_time()
        (tmp_path / "processes.json").write_text(json.dumps(known | {str(stranger.pid): started - 5}))
        assert end_leftovers(tmp_path) == 1
        assert not psutil.pid_exists(left.pid)
        assert stranger.poll() is None
        assert end_leftovers(tmp_path) == 0
    finally:
        stranger.kill()
        left.kill()
        stranger.wait()
        left.wait()
