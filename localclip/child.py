"""One child process of the stack: its log, its restarts, its end."""

import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

FIRST_DELAY_S = 0.5
LAST_DELAY_S = 10.0
STEADY_S = 30.0
_TAIL_LINES = 50
OnLine = Callable[[str, str], None]


def next_delay(previous_s: float, lived_s: float) -> float:
    """Seconds to wait before a restart: doubled each time, reset after a stable run."""
    if lived_s >= STEADY_S or previous_s == 0:
        return FIRST_DELAY_S
    return min(previous_s * 2, LAST_DELAY_S)


class Child:
    """Starts a command, keeps its output in a file, and starts it again when it dies.

    Not thread-safe: one thread starts, checks and stops it, and must outlive it, because on Linux a child is killed
    with the thread that started it.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, on_line: OnLine
    ) -> None:
        self.name = name
        self.deaths = 0
        self._command, self._environment, self._on_line = tuple(command), dict(environment), on_line
        self._log = _fresh_log(log)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._started = 0.0
        self._delay_s = 0.0
        self._restart_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines it printed."""
        return tuple(self._tail)

    def start(self) -> None:
        """Start it in a session of its own: the terminal's Ctrl-C reaches the runner alone, which stops in order."""
        self._process = subprocess.Popen(
            [*_dies_with_parent(), *self._command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the equivalent on Windows
        )
        self._started = time.monotonic()
        self._restart_at = None
        stream = self._process.stdout
        if stream is not None:
            self._reader = threading.Thread(target=self._collect, args=(stream,), daemon=True)
            self._reader.start()

    def check(self, now: float) -> str | None:
        """Restart it when its time has come; return a message about a death just noticed."""
        if self._restart_at is not None:
            if now >= self._restart_at:
                self.start()
            return None
        if self._process is None or self._process.poll() is None:
            return None
        if self._reader:
            self._reader.join(1.0)
        self.deaths += 1
        self._delay_s = next_delay(self._delay_s, now - self._started)
        self._restart_at = now + self._delay_s
        return f"{self.name} {_ending(self._process.returncode)}; starting it again in {self._delay_s:.1f} s"

    def terminate(self) -> None:
        """Ask it to stop."""
        self._restart_at = None
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Stop it at once."""
        self._restart_at = None
        if self._process and self._process.poll() is None:
            self._process.kill()

    def close(self) -> None:
        """Wait for the end of its output after it has stopped."""
        if self._process:
            self._process.wait()
        if self._reader:
            self._reader.join(2.0)
        self._log.close()

    def _collect(self, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip()
            self._tail.append(line)
            if not self._log.closed:
                self._log.write(line + "\n")
                self._log.flush()
            self._on_line(self.name, line)
        stream.close()


def _fresh_log(path: Path) -> IO[str]:
    """An empty log; the one of the last run is kept beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.replace(path.with_suffix(".log.1"))
    return path.open("w", encoding="utf-8")


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


@cache
def _dies_with_parent() -> tuple[str, ...]:
    """A prefix that ends the child with its runner, however that dies; other systems do without."""
    setpriv = shutil.which("setpriv") if sys.platform.startswith("linux") else None
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()
