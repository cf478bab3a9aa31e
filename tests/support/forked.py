"""Programs of ours as child processes, forked from one that has imported them already.

A service imports for two seconds and the tests start some hundreds of them. What runs is what always runs: a process of
its own, with its own environment, signals and log, that can be stopped and killed. Where the way a person starts it
matters (end to end, deployment, the commands that are killed in the middle) the command itself is run.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
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
        "localclip.cli",
    ]
)


class Forked:
    """A module or a script run as `__main__`, told apart by `.py`; with the ways of `subprocess.Popen`."""

    def __init__(
        self,
        program: str,
        *arguments: str,
        environment: Mapping[str, str],
        log: Path,
        errors: Path | None = None,
        folder: Path = ROOT,
    ) -> None:
        """`errors`: where stderr goes, if not into the log as well; `folder`: where it runs."""
        log.touch()
        told = (log, errors or log)
        self._process = _PROGRAMS.Process(
            target=_run, args=(program, arguments, dict(environment), told, folder), daemon=True
        )
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


def command_line(
    *arguments: str, environment: Mapping[str, str] | None = None, folder: Path = ROOT, timeout_s: float = 240
) -> "subprocess.CompletedProcess[str]":
    """The command line, as `subprocess.run` would run it. Raises: subprocess.TimeoutExpired."""
    with tempfile.TemporaryDirectory() as told:
        out, errors = Path(told, "out"), Path(told, "errors")
        settings = os.environ if environment is None else environment
        command = Forked("localclip", *arguments, environment=settings, log=out, errors=errors, folder=folder)
        try:
            code = command.wait(timeout_s)
        finally:
            command.kill()
        return subprocess.CompletedProcess(
            ["localclip", *arguments], code, out.read_text("utf-8"), errors.read_text("utf-8")
        )


def _run(
    program: str, arguments: tuple[str, ...], environment: dict[str, str], told: tuple[Path, Path], folder: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for path, stream in zip(told, (sys.stdout, sys.stderr), strict=True):
        output = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(output, stream.fileno())
        os.close(output)
    sys.argv = [program, *arguments]
    if program.endswith(".py"):
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
