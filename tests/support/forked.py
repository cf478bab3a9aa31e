"""Programs of ours as child processes, forked from one that has imported them already.

A service imports for two seconds and the tests start some hundreds of them. What runs is what always runs: a process of
its own, with its own environment, signals and log, that can be stopped and killed. Where the way a person starts it
matters (end to end, deployment, command line) the command itself is run.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PROGRAMS = multiprocessing.get_context("forkserver")
# None of these starts a thread or reads the environment when it is imported.
_PROGRAMS.set_forkserver_preload(
    [
        "tests.support.gateway_ready",
        "services.progress.app",
        "services.cloner.fit",
        "shared.messaging",
        "shared.storage",
    ]
)


class Forked:
    """A module or a script run as `__main__`, told apart by `.py`; with the ways of `subprocess.Popen`."""

    def __init__(self, program: str, *arguments: str, environment: dict[str, str], log: Path) -> None:
        log.touch()
        self._process = _PROGRAMS.Process(target=_run, args=(program, arguments, environment, log), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """Negative for the signal that ended it, `None` while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises: subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(str(self._process.name), timeout or 0)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _run(program: str, arguments: tuple[str, ...], environment: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.close(output)
    sys.argv = [program, *arguments]
    if program.endswith(".py"):
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
