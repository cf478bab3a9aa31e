"""Services that share a GPU take turns."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from shared.inference import GpuLease
from shared.pipeline import Canceled, CancelToken
from shared.testing import wait_until

PATIENCE_S = 60.0
HOLDER = """
import sys
from pathlib import Path
from shared.inference import GpuLease
with GpuLease(Path(sys.argv[1]), "cuda").hold():
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that has the device."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """Who waits gets the device when the other lets go."""
    other, got = holder(tmp_path), threading.Event()

    def wait() -> None:
        with GpuLease(tmp_path, "cuda").hold():
            got.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    wait_until(lambda: is_taken(tmp_path / "cuda.door"), PATIENCE_S, "nobody stands at the door")
    assert not got.is_set()
    other.communicate("")
    waiting.join(PATIENCE_S)
    assert got.is_set()


def test_a_process_that_dies_gives_it_back(tmp_path: Path) -> None:
    """The lock is the kernel's."""
    other = holder(tmp_path)
    other.kill()
    other.wait(PATIENCE_S)
    with GpuLease(tmp_path, "cuda").hold():
        pass


def test_waiting_can_be_canceled(tmp_path: Path) -> None:
    """And leaves the door open for others."""
    other, cancel = holder(tmp_path), CancelToken()
    cancel.cancel("stop")
    with pytest.raises(Canceled), GpuLease(tmp_path, "cuda").hold(cancel):
        pass
    other.communicate("")
    with GpuLease(tmp_path, "cuda").hold():
        pass


def test_who_waits_is_next(tmp_path: Path) -> None:
    """A busy service cannot come back before the one at the door."""
    busy, order = GpuLease(tmp_path, "cuda"), []

    def wait() -> None:
        with GpuLease(tmp_path, "cuda").hold():
            order.append("other")

    with busy.hold():
        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_until(lambda: is_taken(tmp_path / "cuda.door"), PATIENCE_S, "nobody stands at the door")
    with busy.hold():
        order.append("busy")
    waiting.join(PATIENCE_S)
    assert order == ["other", "busy"]


def is_taken(door: Path) -> bool:
    """Whether somebody stands there: asks the kernel for the lock and gives it straight back."""
    try:
        with FileLock(door, timeout=0):
            return False
    except Timeout:
        return True


def test_a_device_of_ones_own_needs_no_turns(tmp_path: Path) -> None:
    """Without a folder, and on a CPU, holding costs nothing and locks nothing."""
    with GpuLease(None, "cuda").hold(), GpuLease(None, "cuda").hold():
        pass
    with GpuLease(tmp_path / "unused", "cpu").hold():
        assert not (tmp_path / "unused").exists()
