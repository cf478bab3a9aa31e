"""Processes of a runner that was killed: identified by their id and start time, and ended.

On Linux children die with their runner by themselves; elsewhere this prevents two brokers on one folder.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import psutil

_FILE = "processes.json"
_GRACE_S = 3.0


def remember(data: Path, pids: Iterable[int]) -> None:
    """Record the processes that belong to the runner of `data`."""
    known: dict[str, float] = {}
    for pid in pids:
        try:
            known[str(pid)] = psutil.Process(pid).create_time()
        except psutil.Error:
            continue
    (data / _FILE).write_text(json.dumps(known), encoding="utf-8")


def forget(data: Path) -> None:
    """Note that nothing is running any more."""
    (data / _FILE).unlink(missing_ok=True)


def end_leftovers(data: Path) -> int:
    """End what an earlier runner of `data` left behind, and return how many; to be called under the lock of the
    folder."""
    try:
        known: dict[str, float] = json.loads((data / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    left = [process for pid, started in known.items() if (process := _same(int(pid), started))]
    for process in left:
        process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=_GRACE_S)
    for process in stubborn:
        process.kill()
    forget(data)
    return len(left)


def _same(pid: int, started: float) -> psutil.Process | None:
    """The process, unless its id has been reused since."""
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - started) < 0.1 else None
    except psutil.Error:
        return None
